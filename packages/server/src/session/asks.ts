import {
  AgentServerError,
  type AnswerAccepted,
  type AskData,
  type AskKind,
  type AskOutcome,
  type AskResult,
  type LoggedEvent,
  type NewEvent,
  type OpenAsk,
} from '@claude-agent/protocol'
import { hashOf } from '../policy/fingerprint.ts'
import { declined, readAnswer, type GivenAnswer } from './answer.ts'
import type { SettledAsk } from './ask-history.ts'

export interface AsksParts {
  publish: (event: NewEvent) => void
  /** Adds an event for a client: resolves once it is durable, rejects when there is no room for it. */
  offer: (event: NewEvent) => Promise<LoggedEvent>
  /** How an ask was settled that is not open any more. */
  settled: (ask: string) => SettledAsk | undefined
  /** Milliseconds after which an ask is declined; 0 for never. */
  timeoutMs: () => number
  /** A question that needs no process was settled: the turn can go on. */
  onDeferredSettled: () => void
  onChange: () => void
}

interface Pending {
  kind: AskKind
  data: AskData
  isDeferred: boolean
  /** Tells the agent that waits. */
  resolve: (result: AskResult) => void
  timer: NodeJS.Timeout | undefined
}

/** Asks that may be open; further ones are declined at once. */
const MAX_OPEN = 100
/** Answers that are remembered for those who did not hear that they were taken. */
const REMEMBERED = 1000

/** How an ask is closed without an answer, and what the agent is told. */
interface Closing {
  outcome: Exclude<AskOutcome, 'answered'>
  result?: AskResult
}

interface Settling extends SettledAsk {
  written?: Promise<unknown>
  needsProcess?: boolean
  /** How it is to be closed when the answer cannot be written. */
  otherwise?: Closing
}

/** What the agent waits for people to answer. Each ask is settled exactly once, by whoever is first. */
export class Asks {
  readonly #parts: AsksParts
  readonly #pending = new Map<string, Pending>()
  /** Those whose settlement is being written. */
  readonly #settling = new Map<string, Settling>()
  /** The answers that were taken, with a hash of what was given and by whom. */
  readonly #taken = new Map<string, { given: string; accepted: AnswerAccepted }>()

  constructor(parts: AsksParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#pending.size
  }

  /** The question on which the turn waits without a process. */
  get deferred(): string | undefined {
    for (const [ask, { isDeferred }] of this.#pending) if (isDeferred) return ask
    return undefined
  }

  /** Whether one is open for which the agent's process waits. */
  get needProcess(): boolean {
    for (const { isDeferred } of this.#pending.values()) if (!isDeferred) return true
    return false
  }

  /** Opens an ask; resolves with what the agent is to be told. `signal`: the agent takes it back. */
  open(ask: string, kind: AskKind, data: AskData, signal: AbortSignal): Promise<AskResult> {
    if (this.#pending.size >= MAX_OPEN)
      return Promise.resolve(declined(kind, 'Too many asks are open already.'))
    return new Promise((resolve) => {
      this.#pending.set(ask, { kind, data, isDeferred: false, resolve, timer: this.#startTimer(ask) })
      this.#parts.publish({ type: 'ask', ask, kind, data })
      this.#parts.onChange()
      const cancel = (): void => this.#close(ask, { outcome: 'cancelled' })
      if (signal.aborted) cancel()
      else signal.addEventListener('abort', cancel, { once: true })
    })
  }

  /** Opens a question that no process waits for. */
  defer(ask: string, data: AskData): void {
    this.#parts.publish({ type: 'ask', ask, kind: 'can_use_tool', data, deferred: true })
    this.restore({ ask, kind: 'can_use_tool', data })
    this.#parts.onChange()
  }

  /** Takes up a question again that was open when the server was started. */
  restore({ ask, kind, data }: Pick<OpenAsk, 'ask' | 'kind' | 'data'>): void {
    this.#pending.set(ask, { kind, data, isDeferred: true, resolve: () => {}, timer: this.#startTimer(ask) })
  }

  /**
   * Settles an ask by an answer: the first one counts, and may be sent again. Resolves once that is durable.
   * @throws AgentServerError `ask_not_found`, `already_settled`, `invalid_answer`, `storage_full`
   */
  async answer(ask: string, given: GivenAnswer, by: string): Promise<AnswerAccepted> {
    const pending = this.#pending.get(ask)
    if (pending === undefined) {
      await this.#settling.get(ask)?.written?.catch(() => {})
      if (this.#pending.has(ask)) return await this.answer(ask, given, by)
      const taken = this.#taken.get(ask)
      if (taken?.given === hashOf({ ...given, by })) return taken.accepted
      throw this.#missing(ask)
    }
    const result = readAnswer(pending, given)
    this.#remove(ask, pending)
    const written = this.#parts.offer({ type: 'ask_settled', ask, outcome: 'answered', by, result })
    this.#settling.set(ask, { outcome: 'answered', by, written, needsProcess: !pending.isDeferred })
    try {
      const { seq } = await written
      const accepted: AnswerAccepted = { ask, outcome: 'answered', by, seq }
      this.#remember({ given: hashOf({ ...given, by }), accepted })
      this.#tell(pending, result)
      return accepted
    } catch (error) {
      const otherwise = this.#settling.get(ask)?.otherwise
      this.#settling.delete(ask)
      this.#pending.set(ask, { ...pending, timer: this.#startTimer(ask) })
      if (otherwise !== undefined) this.#close(ask, otherwise)
      throw error
    }
  }

  /** The agent that asked has died. */
  lose(): void {
    for (const [ask, { isDeferred }] of this.#pending) if (!isDeferred) this.#close(ask, { outcome: 'lost' })
    for (const [ask, { needsProcess }] of this.#settling)
      if (needsProcess) this.#close(ask, { outcome: 'lost' })
  }

  /**
   * Closes the question that is open without a process; the turn ends with that. One whose answer is just being written
   * is closed only when that fails.
   */
  cancelDeferred(): void {
    const ask = this.deferred ?? this.#deferredInWriting
    const result: AskResult = {
      behavior: 'deny',
      message: 'The user has interrupted the turn.',
      interrupt: true,
    }
    if (ask !== undefined) this.#close(ask, { outcome: 'cancelled', result })
  }

  /** Forgets what is open, without a word: the session ends. */
  clear(): void {
    for (const { timer } of this.#pending.values()) clearTimeout(timer)
    this.#pending.clear()
  }

  #startTimer(ask: string): NodeJS.Timeout | undefined {
    const ms = this.#parts.timeoutMs()
    if (ms === 0) return undefined
    const expire = (): void => {
      const kind = this.#pending.get(ask)?.kind
      if (kind !== undefined)
        this.#close(ask, {
          outcome: 'timed_out',
          result: declined(kind, `Nobody answered within ${ms} ms.`),
        })
    }
    return setTimeout(expire, Math.min(ms, 2 ** 31 - 1)).unref()
  }

  get #deferredInWriting(): string | undefined {
    return [...this.#settling].findLast(([, { needsProcess }]) => needsProcess === false)?.[0]
  }

  #close(ask: string, closing: Closing): void {
    const { outcome, result } = closing
    const pending = this.#pending.get(ask)
    if (pending === undefined) {
      const settling = this.#settling.get(ask)
      if (settling?.written !== undefined) settling.otherwise = closing
      return
    }
    this.#remove(ask, pending)
    this.#settling.set(ask, { outcome })
    this.#parts.publish({ type: 'ask_settled', ask, outcome, ...(result === undefined ? {} : { result }) })
    this.#tell(pending, result)
  }

  #remove(ask: string, { timer }: Pending): void {
    this.#pending.delete(ask)
    clearTimeout(timer)
    // What has been written since is in the state.
    for (const known of this.#settling.keys())
      if (this.#parts.settled(known) !== undefined) this.#settling.delete(known)
  }

  #remember(taken: { given: string; accepted: AnswerAccepted }): void {
    this.#taken.set(taken.accepted.ask, taken)
    const [oldest] = this.#taken.keys()
    if (this.#taken.size > REMEMBERED && oldest !== undefined) this.#taken.delete(oldest)
  }

  #tell({ isDeferred, resolve }: Pending, result: AskResult | undefined): void {
    if (isDeferred) this.#parts.onDeferredSettled()
    else if (result !== undefined) resolve(result)
    this.#parts.onChange()
  }

  #missing(ask: string): AgentServerError {
    const settled = this.#parts.settled(ask) ?? this.#settling.get(ask)
    if (settled === undefined) {
      return new AgentServerError({
        code: 'ask_not_found',
        message: `The session has no ask '${ask.slice(0, 100)}'.`,
        hint: 'The open ones are in GET /sessions/:id.',
      })
    }
    const by = settled.by === undefined ? '' : ` by ${settled.by}`
    return new AgentServerError({
      code: 'already_settled',
      message: `The ask '${ask}' was settled before: ${settled.outcome.replace('_', ' ')}${by}.`,
    })
  }
}
