import type { AskOutcome, AskResult, LoggedEvent, OpenAsk, Seq } from '@claude-agent/protocol'

export interface SettledAsk {
  outcome: AskOutcome
  by?: string
  /** The answer to a question whose turn has not ended. */
  result?: AskResult
}

/** What the model is to be told with its next prompt. */
interface Notice {
  seq: Seq
  text: string
}

export interface AskHistorySnapshot {
  asks: OpenAsk[]
  settled: [string, SettledAsk][]
  notices: Notice[]
}

/** What the agent asked of people, and how that ended, as the events of a session tell. */
export class AskHistory {
  readonly #asks: Map<string, OpenAsk>
  readonly #settled: Map<string, SettledAsk>
  readonly #most: number
  #notices: Notice[]

  /** @param most settled asks that are remembered */
  constructor(most: number, snapshot?: AskHistorySnapshot) {
    this.#most = most
    this.#asks = new Map(snapshot?.asks.map((ask) => [ask.ask, ask]))
    this.#settled = new Map(snapshot?.settled)
    this.#notices = [...(snapshot?.notices ?? [])]
  }

  get open(): OpenAsk[] {
    return [...this.#asks.values()]
  }

  /** What the model is to be told with its next prompt, if anything. */
  get notice(): string | undefined {
    return this.#notices.map(({ text }) => text).join('\n') || undefined
  }

  /** The question that was answered last, of a turn that has not ended. */
  get answeredQuestion(): string | undefined {
    return [...this.#settled].findLast(([, { result }]) => result !== undefined)?.[0]
  }

  get snapshot(): AskHistorySnapshot {
    return { asks: this.open, settled: [...this.#settled], notices: this.#notices }
  }

  settled(ask: string): SettledAsk | undefined {
    return this.#settled.get(ask)
  }

  begin({ ask, kind, data, seq, at, deferred }: LoggedEvent & { type: 'ask' }): void {
    this.#asks.set(ask, { ask, kind, data, seq, at, ...(deferred ? { deferred } : {}) })
  }

  settle({ seq, ask, outcome, by, result }: LoggedEvent & { type: 'ask_settled' }): void {
    const open = this.#asks.get(ask)
    this.#asks.delete(ask)
    const kept = open?.deferred === true && result !== undefined ? { result: result as AskResult } : {}
    this.#settled.set(ask, { outcome, ...(by === undefined ? {} : { by }), ...kept })
    trim(this.#settled, this.#most, (settled) => settled.result === undefined)
    if (outcome === 'lost' && open !== undefined) this.#notices.push({ seq, text: describeLost(open) })
  }

  /** The model was told what there was to tell before this turn. */
  told(turnSeq: Seq): void {
    this.#notices = this.#notices.filter(({ seq }) => seq > turnSeq)
  }

  /** A turn has ended: nothing goes on with the answers of it. */
  endTurn(): void {
    for (const settled of this.#settled.values()) delete settled.result
  }
}

/** What the model is told of an ask that was open when its process died. */
function describeLost({ kind, data }: OpenAsk): string {
  const what =
    kind === 'can_use_tool' && 'toolName' in data
      ? `permission to use ${data.toolName}; the tool did not run`
      : 'an answer of the user, which was not given'
  return `The last turn ended early, because the process of the agent was lost while it waited for ${what}.`
}

/** Forgets the oldest entry that may be forgotten, when there are more than `most`. */
export function trim<T>(entries: Map<string, T>, most: number, mayGo: (entry: T) => boolean): void {
  if (entries.size <= most) return
  for (const [key, entry] of entries) {
    if (mayGo(entry)) {
      entries.delete(key)
      return
    }
  }
}
