import type {
  CallMadeEvent,
  LoggedEvent,
  OpenAsk,
  PromptOutcome,
  Seq,
  SessionStatus,
  SessionUsage,
  UserMessageInput,
} from '@claude-agent/protocol'
import { hashOf } from '../policy/fingerprint.ts'
import { AskHistory, trim, type AskHistorySnapshot, type SettledAsk } from './ask-history.ts'
import { Registrations, type RegisteredClient } from './callbacks/registrations.ts'
import { Conversation, type ConversationSnapshot } from './conversation.ts'
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

/** A call that changed what the agent is, as it may be shown. */
export type MadeCall = Pick<CallMadeEvent, 'method' | 'args'>

export interface StateSnapshot extends AskHistorySnapshot {
  seq: Seq
  at: number
  status: SessionStatus
  runningSince?: number
  hasAgent: boolean
  turnSeq: Seq
  prompts: AcceptedPrompt[]
  usage: UsageSnapshot
  conversation: ConversationSnapshot
  calls?: [string, MadeCall][]
  callsSeq?: Seq
  copiedSeq?: Seq
  clients?: RegisteredClient[]
}

/**
 * What a session is, told by its events alone: whoever reads the log from the start, or from a snapshot on, comes to
 * the same. So nothing of it can be lost that the log has.
 */
export class SessionState {
  readonly conversation: Conversation
  readonly registrations: Registrations
  readonly #asks: AskHistory
  readonly #usage: Usage
  readonly #prompts: Map<string, AcceptedPrompt>
  readonly #calls: Map<string, MadeCall>
  #callsSeq: Seq
  /** Up to here the events are a copy of another session's. */
  #copiedSeq: Seq
  /** When the last turn began. */
  #turnSeq: Seq
  #hasAgent: boolean
  #seq: Seq
  #lastAt: number
  #status: SessionStatus
  #runningSince: number | undefined
  /** How many prompts have not ended. */
  #open: number

  constructor(snapshot?: StateSnapshot) {
    this.conversation = new Conversation(snapshot?.conversation)
    this.#usage = new Usage(snapshot?.usage)
    this.#prompts = new Map(snapshot?.prompts.map((prompt) => [prompt.uuid, { ...prompt }]))
    this.registrations = new Registrations(snapshot?.clients)
    this.#asks = new AskHistory(REMEMBERED, snapshot)
    this.#calls = new Map(snapshot?.calls)
    this.#callsSeq = snapshot?.callsSeq ?? 0
    this.#copiedSeq = snapshot?.copiedSeq ?? 0
    this.#seq = snapshot?.seq ?? 0
    this.#lastAt = snapshot?.at ?? 0
    this.#status = snapshot?.status ?? 'idle'
    this.#runningSince = snapshot?.runningSince
    this.#turnSeq = snapshot?.turnSeq ?? 0
    this.#hasAgent = snapshot?.hasAgent ?? false
    this.#open = [...this.#prompts.values()].filter(({ outcome }) => outcome === undefined).length
  }

  /** The last event that was taken in. */
  get seq(): Seq {
    return this.#seq
  }

  /** When that was written, in milliseconds since 1970. */
  get lastAt(): number {
    return this.#lastAt
  }

  /** As it was told last. */
  get status(): SessionStatus {
    return this.#status
  }

  /** What was used until now; a turn that runs counts with its time. */
  get usageNow(): SessionUsage {
    const { total } = this.#usage
    const running = this.#runningSince === undefined ? 0 : Math.max(0, Date.now() - this.#runningSince)
    return { ...total, wallMs: total.wallMs + running }
  }

  /** A process of the agent was started, and its end was not told. */
  get hasAgent(): boolean {
    return this.#hasAgent
  }

  /** What the model is to be told with its next prompt, if anything. */
  get notice(): string | undefined {
    return this.#asks.notice
  }

  /** The calls that changed what the agent is, by what they take the place of, in their order. */
  get calls(): ReadonlyMap<string, MadeCall> {
    return this.#calls
  }

  /** Where the last of them stands in the log. */
  get callsSeq(): Seq {
    return this.#callsSeq
  }

  /** Up to here the events are a copy of another session's; 0 for none. */
  get copiedSeq(): Seq {
    return this.#copiedSeq
  }

  get asks(): OpenAsk[] {
    return this.#asks.open
  }

  /** The prompts that have not ended, in their order. */
  get openPrompts(): AcceptedPrompt[] {
    return this.#open === 0 ? [] : [...this.#prompts.values()].filter(({ outcome }) => outcome === undefined)
  }

  prompt(uuid: string): AcceptedPrompt | undefined {
    return this.#prompts.get(uuid)
  }

  settled(ask: string): SettledAsk | undefined {
    return this.#asks.settled(ask)
  }

  /** The question that was answered last, of a turn that has not ended. */
  get answeredQuestion(): string | undefined {
    return this.#asks.answeredQuestion
  }

  get snapshot(): StateSnapshot {
    return {
      seq: this.#seq,
      at: this.#lastAt,
      status: this.#status,
      ...(this.#runningSince === undefined ? {} : { runningSince: this.#runningSince }),
      hasAgent: this.#hasAgent,
      turnSeq: this.#turnSeq,
      prompts: [...this.#prompts.values()],
      ...this.#asks.snapshot,
      usage: this.#usage.snapshot,
      conversation: this.conversation.snapshot,
      calls: [...this.#calls],
      callsSeq: this.#callsSeq,
      copiedSeq: this.#copiedSeq,
      clients: this.registrations.clients,
    }
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
      case 'user_message':
        return this.#accept(event)
      case 'prompt_ended':
        return this.#end(event.uuid, event.outcome)
      case 'sdk_message':
        if (event.data.type === 'result') this.#usage.hearResult(event.data)
        if (event.data.type === 'conversation_reset') this.#usage.reset()
        if (event.data.type === 'system' && event.data.subtype === 'init') this.#turnSeq = event.seq
        return this.conversation.hear(event.data)
      case 'ask':
        return this.#asks.begin(event)
      case 'ask_settled':
        return this.#asks.settle(event)
      case 'client_registered': {
        const { client, owner, registration } = event
        return this.registrations.apply({ client, owner, registration })
      }
      case 'status':
        if (this.#runningSince !== undefined) this.#usage.addWall(event.at - this.#runningSince)
        this.#runningSince = event.status === 'running' ? event.at : undefined
        this.#status = event.status
        return
      case 'agent_started':
        this.#hasAgent = true
        this.conversation.start(event.sdkSessionId, !event.resumed)
        return this.#usage.begin(event.totals)
      case 'agent_exited':
        this.#hasAgent = false
        return
      case 'call_made': {
        const { key = event.method, method, args } = event
        this.#calls.delete(key)
        this.#calls.set(key, { method, args })
        this.#callsSeq = event.seq
        return
      }
      case 'copied':
        return this.#copied(event)
      case 'session_updated':
        // Options are set as a whole: they say what the agent is from here on.
        if (event.options !== undefined) this.#calls.clear()
        return
      default:
    }
  }

  #accept({ uuid, seq, data, turn }: LoggedEvent & { type: 'user_message' }): void {
    this.#open += 1
    this.#prompts.set(uuid, { uuid, seq, content: hashOf(data.message), joins: turn === 'running', data })
    trim(this.#prompts, REMEMBERED, ({ outcome }) => outcome !== undefined)
  }

  #end(uuid: string, outcome: PromptOutcome): void {
    const prompt = this.#prompts.get(uuid)
    if (prompt === undefined || prompt.outcome !== undefined) return
    prompt.outcome = outcome
    delete prompt.data
    this.#open -= 1
    // It was taken back while it waited: nothing was said to the model.
    if (outcome === 'cancelled') return
    this.#usage.addTurn()
    if (outcome !== 'failed') {
      this.conversation.endPrompt(outcome === 'completed')
      this.#asks.told(this.#turnSeq)
    }
    // One that joined a turn may end before that does.
    if (prompt.joins && this.#open > 0) return
    this.conversation.endTurn()
    this.#asks.endTurn()
  }

  /** What came before was of another session: its process, its counters, its calls and what clients
   * served to it are not this one's. */
  #copied({ seq, sdkSessionId, usage }: LoggedEvent & { type: 'copied' }): void {
    this.#copiedSeq = seq
    this.#hasAgent = false
    this.#runningSince = undefined
    this.#calls.clear()
    this.registrations.clear()
    this.#usage.set(usage)
    this.conversation.copied(sdkSessionId)
    if (this.#open === 0) this.conversation.endTurn()
  }
}
