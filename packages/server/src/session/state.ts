import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type {
  AskOutcome,
  AskResult,
  LoggedEvent,
  OpenAsk,
  PromptOutcome,
  Seq,
  SessionStatus,
  UserMessageInput,
} from '@claude-agent/protocol'
import { hashOf } from '../policy/fingerprint.ts'
import { Usage, type UsageSnapshot } from './usage.ts'

/** Prompts and asks that are remembered after their end, so that they are not taken twice. */
const REMEMBERED = 10_000

/** A prompt as it was accepted. */
export interface AcceptedPrompt {
  uuid: string
  seq: Seq
  /** Hash of what was said. */
  content: string
  /** It was meant for the turn that ran. */
  joins: boolean
  /** Until it has ended. */
  data?: UserMessageInput
  outcome?: PromptOutcome
}

export interface SettledAsk {
  outcome: AskOutcome
  by?: string
  /** The answer to a question whose turn has not ended. */
  result?: AskResult
}

/** The SDK's conversation, as far as the events tell. */
interface ConversationState {
  sdkSessionId?: string
  /** A prompt has entered it: there is something to lose. */
  begun: boolean
  /** The last message of a turn that ended in order: the transcript must hold it. */
  anchor?: string
}

export interface StateSnapshot {
  seq: Seq
  prompts: AcceptedPrompt[]
  asks: OpenAsk[]
  settled: [string, SettledAsk][]
  usage: UsageSnapshot
  conversation: ConversationState
  sdkSessionIds: string[]
  notices: string[]
  status: SessionStatus
  at: number
}

/**
 * What a session is, told by its events alone: whoever reads the log from the start, or from a snapshot on, comes to
 * the same. So nothing of it can be lost that the log has.
 */
export class SessionState {
  readonly #prompts: Map<string, AcceptedPrompt>
  readonly #asks: Map<string, OpenAsk>
  readonly #settled: Map<string, SettledAsk>
  readonly #usage: Usage
  readonly #conversation: ConversationState
  readonly #sdkSessionIds: Set<string>
  /** What the model is to be told with its next prompt. */
  #notices: string[]
  #seq: Seq
  /** The last whole message of the main conversation. */
  #lastMessage: string | undefined
  /** The messages of the main conversation that were said in the turn that has not ended. */
  readonly #said = new Set<string>()
  #runningSince: number | undefined
  #lastAt: number
  #open = 0
  #status: SessionStatus

  constructor(snapshot?: StateSnapshot) {
    this.#seq = snapshot?.seq ?? 0
    this.#prompts = new Map(snapshot?.prompts.map((prompt) => [prompt.uuid, { ...prompt }]))
    this.#asks = new Map(snapshot?.asks.map((ask) => [ask.ask, ask]))
    this.#settled = new Map(snapshot?.settled)
    this.#usage = new Usage(snapshot?.usage)
    this.#conversation = { ...(snapshot?.conversation ?? { begun: false }) }
    this.#sdkSessionIds = new Set(snapshot?.sdkSessionIds)
    this.#notices = [...(snapshot?.notices ?? [])]
    this.#status = snapshot?.status ?? 'idle'
    this.#lastAt = snapshot?.at ?? 0
    this.#open = [...this.#prompts.values()].filter(({ outcome }) => outcome === undefined).length
  }

  /** The last event that was taken in. */
  get seq(): Seq {
    return this.#seq
  }

  get usage(): Usage {
    return this.#usage
  }

  get conversation(): Readonly<ConversationState> {
    return this.#conversation
  }

  /** When the last event was written, in milliseconds since 1970. */
  get lastAt(): number {
    return this.#lastAt
  }

  /** As it was told last. */
  get status(): SessionStatus {
    return this.#status
  }

  /** Every conversation of the SDK that the session was on. */
  get sdkSessionIds(): ReadonlySet<string> {
    return this.#sdkSessionIds
  }

  get notices(): readonly string[] {
    return this.#notices
  }

  get asks(): OpenAsk[] {
    return [...this.#asks.values()]
  }

  /** The prompts that have not ended, in their order. */
  get openPrompts(): AcceptedPrompt[] {
    return this.#open === 0 ? [] : [...this.#prompts.values()].filter(({ outcome }) => outcome === undefined)
  }

  prompt(uuid: string): AcceptedPrompt | undefined {
    return this.#prompts.get(uuid)
  }

  settled(ask: string): SettledAsk | undefined {
    return this.#settled.get(ask)
  }

  /** The question that was answered last, of a turn that has not ended. */
  get answeredQuestion(): string | undefined {
    return [...this.#settled].findLast(([, { result }]) => result !== undefined)?.[0]
  }

  /** The uuids of the messages of the main conversation that were said in the turn that has not ended. */
  get said(): ReadonlySet<string> {
    return this.#said
  }

  /** No turn can have run on after the last event: the server had gone. */
  restart(): void {
    if (this.#runningSince !== undefined) this.#usage.addWall(this.#lastAt - this.#runningSince)
    this.#runningSince = undefined
  }

  apply(event: LoggedEvent): void {
    if (event.seq <= this.#seq) return
    this.#seq = event.seq
    this.#lastAt = event.at
    switch (event.type) {
      case 'user_message': {
        const { uuid, seq, data, turn } = event
        this.#open += 1
        this.#prompts.set(uuid, { uuid, seq, content: hashOf(data.message), joins: turn === 'running', data })
        return trim(this.#prompts, ({ outcome }) => outcome !== undefined)
      }
      case 'prompt_ended':
        return this.#end(event.uuid, event.outcome)
      case 'sdk_message':
        return this.#hear(event.data)
      case 'ask': {
        const { ask, kind, data, seq, at, deferred } = event
        this.#asks.set(ask, { ask, kind, data, seq, at, ...(deferred ? { deferred } : {}) })
        return
      }
      case 'ask_settled':
        return this.#settle(event)
      case 'status':
        if (this.#runningSince !== undefined) this.#usage.addWall(event.at - this.#runningSince)
        this.#runningSince = event.status === 'running' ? event.at : undefined
        this.#status = event.status
        return
      case 'agent_started':
        this.#follow(event.sdkSessionId)
        if (!event.resumed) this.#beginConversation()
        this.#usage.begin(event.totals)
        return
      default:
    }
  }

  get snapshot(): StateSnapshot {
    return {
      seq: this.#seq,
      prompts: [...this.#prompts.values()],
      asks: this.asks,
      settled: [...this.#settled],
      usage: this.#usage.snapshot,
      conversation: this.#conversation,
      sdkSessionIds: [...this.#sdkSessionIds],
      notices: this.#notices,
      status: this.#status,
      at: this.#lastAt,
    }
  }

  #end(uuid: string, outcome: PromptOutcome): void {
    const prompt = this.#prompts.get(uuid)
    if (prompt === undefined || prompt.outcome !== undefined) return
    prompt.outcome = outcome
    delete prompt.data
    this.#open -= 1
    if (outcome === 'completed' && this.#lastMessage !== undefined)
      this.#conversation.anchor = this.#lastMessage
    if (outcome === 'completed' || outcome === 'interrupted') this.#conversation.begun = true
    if (outcome !== 'cancelled') this.#usage.addTurn()
    // One that joined a turn may end before that does.
    if (prompt.joins && this.#open > 0) return
    this.#said.clear()
    for (const settled of this.#settled.values()) delete settled.result
  }

  #hear(message: SDKMessage): void {
    const { type, uuid, parent_tool_use_id } = message as {
      type: string
      uuid?: string
      parent_tool_use_id?: string | null
    }
    if (message.type === 'result') return this.#usage.hearResult(message)
    if (message.type === 'conversation_reset') {
      this.#usage.reset()
      // Its new id comes with the next turn; going back to the old one would bring back what was to be forgotten.
      delete this.#conversation.sdkSessionId
      return this.#beginConversation()
    }
    if (message.type === 'system' && message.subtype === 'init') {
      this.#follow(message.session_id)
      this.#notices = []
    }
    if (type !== 'assistant' && type !== 'user') return
    if (uuid === undefined || parent_tool_use_id) return
    if (this.#open > 0) this.#said.add(uuid)
    if (type === 'assistant') this.#lastMessage = uuid
  }

  #follow(sdkSessionId: string): void {
    this.#conversation.sdkSessionId = sdkSessionId
    this.#sdkSessionIds.add(sdkSessionId)
  }

  #beginConversation(): void {
    this.#conversation.begun = false
    delete this.#conversation.anchor
    this.#lastMessage = undefined
  }

  #settle({ ask, outcome, by, result }: LoggedEvent & { type: 'ask_settled' }): void {
    const open = this.#asks.get(ask)
    this.#asks.delete(ask)
    const kept = open?.deferred === true && result !== undefined ? { result: result as AskResult } : {}
    this.#settled.set(ask, { outcome, ...(by === undefined ? {} : { by }), ...kept })
    trim(this.#settled, ({ result }) => result === undefined)
    if (outcome === 'lost' && open !== undefined) this.#notices.push(describeLost(open))
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

/** Forgets the oldest entries of those that may be forgotten. */
function trim<T>(entries: Map<string, T>, mayGo: (entry: T) => boolean): void {
  if (entries.size <= REMEMBERED) return
  for (const [key, entry] of entries) {
    if (mayGo(entry)) {
      entries.delete(key)
      return
    }
  }
}
