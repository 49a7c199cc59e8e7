import {
  AgentServerError,
  type AnswerAccepted,
  type LoggedEvent,
  type MessageAccepted,
  type MessageCancelled,
  type QueryConfig,
  type SessionInfo,
  type SessionUpdate,
  type UserMessageInput,
} from '@claude-agent/protocol'
import type { EventLog } from '../log/event-log.ts'
import type { Feed } from '../log/feed.ts'
import { hashOf } from '../policy/fingerprint.ts'
import { Admission } from './admission.ts'
import type { GivenAnswer } from './answer.ts'
import { Engine, type EngineMeans } from './engine.ts'
import { describeSession } from './info.ts'
import type { SessionRecord } from './record.ts'
import {
  credentialsRequired,
  noModelAccess,
  promptNotFound,
  promptNotWaiting,
  queueFull,
  stopping,
} from './refusals.ts'
import { SessionState } from './state.ts'
import { budgetReached, reachedLimit } from './usage.ts'

/** Characters of prompts that may wait; one more is taken up to here. */
const MAX_QUEUED_SIZE = 64 * 1024 * 1024

export interface SessionMeans extends EngineMeans {
  fingerprint: (value: unknown) => string
  /** The most prompts that may wait. */
  maxQueuedPrompts: number
}

export interface SessionParts {
  record: SessionRecord
  log: EventLog
  /** The options with their secrets; undefined when those were lost. */
  options: QueryConfig | undefined
  means: SessionMeans
  /** The record is to be written. */
  save: (record: SessionRecord, isDurable: boolean) => Promise<void>
  /** There is nothing left to do for now. */
  onRest: (session: Session) => void
}

/** Ended by whom: the session was deleted, or the server stops. */
export type SessionEnd = 'deleted' | 'stopping'

/**
 * A conversation with an agent, as clients deal with it: takes prompts, answers and changes, and acknowledges what is
 * durable. It knows nothing of sockets, and lives on with no client.
 */
export class Session {
  readonly #parts: SessionParts
  readonly #state: SessionState
  readonly #engine: Engine
  readonly #admission: Admission
  readonly #endListeners = new Set<(end: SessionEnd) => void>()
  #record: SessionRecord
  #options: QueryConfig | undefined
  #wanted: string
  #end: SessionEnd | undefined

  private constructor(parts: SessionParts, state: SessionState) {
    this.#parts = parts
    this.#state = state
    this.#record = parts.record
    this.#options = parts.options
    this.#wanted = this.#fingerprint()
    const { interactive, isPlain, systemPrompt } = parts.record
    this.#engine = new Engine(
      parts.log,
      state,
      parts.means,
      {
        interactive,
        isPlain,
        systemPrompt,
        config: () => this.config,
        wanted: () => this.#wanted,
        hasCredentials: () => this.hasCredentials,
        limits: () => this.#record.limits,
        askTimeoutMs: () => this.#record.askTimeoutMs,
      },
      {
        onWritten: (event) => this.#written(event),
        onChange: () => {
          if (this.#engine.isAtRest) parts.onRest(this)
        },
      },
    )
    this.#admission = new Admission({
      state,
      feed: this.feed,
      takesMore: () => this.#engine.runner.takesMore,
      requireAble: () => this.#requireAble(),
    })
  }

  /** Takes a session up from its log: what was open when the server ended, is gone on with. */
  static async open(parts: SessionParts): Promise<Session> {
    const { log, record } = parts
    const rest = record.rest?.log === log.id && record.rest.state.seq <= log.lastSeq ? record.rest : undefined
    const state = new SessionState(rest?.state)
    for await (const entries of log.read(state.seq))
      for (const { event } of entries) state.apply(event as LoggedEvent)
    const session = new Session(parts, state)
    await session.#engine.restore()
    return session
  }

  get id(): string {
    return this.#record.id
  }

  get feed(): Feed {
    return this.#engine.feed
  }

  get record(): SessionRecord {
    const systemPrompt = this.#engine.launcher.systemPrompt
    return { ...this.#record, systemPrompt }
  }

  /** What the session is to be remembered as, when it has nothing left to do. */
  get state(): SessionState {
    return this.#state
  }

  /** The options, with secrets where those are known. */
  get config(): QueryConfig {
    return this.#options ?? this.#record.options
  }

  get hasCredentials(): boolean {
    return this.#options !== undefined || !this.#record.hasSecrets
  }

  get isAtRest(): boolean {
    return this.#engine.isAtRest
  }

  /** A fingerprint of what its agents are started with. */
  get wanted(): string {
    return this.#wanted
  }

  /** The process of the agent, while there is one. */
  get processId(): number | undefined {
    return this.#engine.runner.slot.agent?.processId
  }

  info(): SessionInfo {
    return describeSession(this.record, this.#state, {
      status: this.#engine.status,
      position: this.#engine.position,
      queuedPrompts: this.#engine.runner.waiting,
      log: this.feed.id,
      firstSeq: this.feed.firstSeq,
      lastSeq: this.feed.lastSeq,
    })
  }

  /**
   * Accepts a prompt: resolves once it is durable. One that was accepted before, by its uuid, is not taken again.
   * @throws AgentServerError `no_model_access`, `credentials_required`, `budget_reached`, `queue_full`,
   * `uuid_conflict`, `storage_full`, `server_stopping`
   */
  async send(data: UserMessageInput): Promise<MessageAccepted> {
    return await this.#admission.accept(data)
  }

  /** Takes a prompt back that waits. @throws AgentServerError `prompt_not_found`, `prompt_not_waiting` */
  async cancel(uuid: string): Promise<MessageCancelled> {
    if (!this.#engine.runner.cancel(uuid)) {
      const prompt = this.#state.prompt(uuid)
      throw prompt === undefined ? promptNotFound(uuid) : promptNotWaiting(uuid, prompt.outcome)
    }
    await this.feed.settled()
    await this.feed.durable()
    return { uuid, outcome: 'cancelled' }
  }

  /** Stops the running turn, or closes the question that it waits on; without one it does nothing. */
  interrupt(): void {
    // A prompt that came before it, but is not in the log yet, is meant too.
    if (this.#admission.pending === 0) this.#engine.runner.interrupt()
    else void this.#admission.settled().then(() => this.#engine.runner.interrupt())
  }

  /** Answers an ask. @throws AgentServerError `ask_not_found`, `already_settled`, `invalid_answer`, `storage_full` */
  async answer(ask: string, given: GivenAnswer, by: string): Promise<AnswerAccepted> {
    if (this.#end !== undefined) throw stopping()
    return await this.#engine.asks.answer(ask, given, by)
  }

  /** Sets what is given; says when options take effect. Resolves once it is durable. */
  async update(update: SessionUpdate, shown: QueryConfig | undefined): Promise<'now' | 'next_turn'> {
    const { options, ...rest } = update
    await this.feed.offer({
      type: 'session_updated',
      ...rest,
      ...(shown === undefined ? {} : { options: shown }),
    })
    this.#record = { ...this.#record, ...rest, updatedAt: Date.now() }
    if (shown !== undefined && options !== undefined) {
      this.#record = { ...this.#record, options: shown, hasSecrets: hashOf(shown) !== hashOf(options) }
    }
    const applies = options === undefined ? 'now' : this.#configure(options)
    this.#engine.refresh()
    await this.#parts.save(this.record, true)
    return applies
  }

  /** Gives the options again whose secrets were lost. */
  restoreCredentials(options: QueryConfig): void {
    if (this.hasCredentials) return
    this.#configure(options)
    this.#engine.refresh()
  }

  /** A client has come: an agent is made ready. */
  warm(): void {
    if (this.#end === undefined) this.#engine.warm()
  }

  /** Calls back when the session is deleted or the server stops. Returns how to stop listening. */
  onClosed(listener: (end: SessionEnd) => void): () => void {
    if (this.#end !== undefined) listener(this.#end)
    this.#endListeners.add(listener)
    return () => this.#endListeners.delete(listener)
  }

  /** Ends the agent; what it said until then is in the log. */
  async close(end: SessionEnd): Promise<void> {
    if (this.#end !== undefined) return
    this.#end = end
    await this.#engine.close(end === 'deleted')
    for (const listener of this.#endListeners) listener(end)
  }

  #configure(options: QueryConfig): 'now' | 'next_turn' {
    this.#options = options
    this.#wanted = this.#fingerprint()
    const { slot, mayWarm } = this.#engine.runner
    return slot.isStale && !mayWarm ? 'next_turn' : 'now'
  }

  #fingerprint(): string {
    const { means, record } = this.#parts
    return means.fingerprint(means.host.describe(this.config, record.interactive))
  }

  /** An event stands in the log: a prompt gets its turn from here on. */
  #written(event: LoggedEvent): void {
    if (event.type !== 'user_message') return
    const prompt = this.#state.prompt(event.uuid)
    if (prompt !== undefined) this.#engine.runner.add(prompt)
  }

  #requireAble(): void {
    const { id, limits } = this.#record
    const { host, maxQueuedPrompts } = this.#parts.means
    if (this.#end !== undefined) throw stopping()
    if (!this.hasCredentials) throw credentialsRequired(id)
    if (host.access(this.config).kind === 'none') throw noModelAccess()
    const reached = reachedLimit(this.#state.usage.total, limits)
    if (reached !== undefined) throw budgetReached(reached)
    if (this.feed.fault instanceof AgentServerError) throw this.feed.fault
    const { waitingSize, isRunning } = this.#engine.runner
    const waiting = this.#engine.runner.waiting + this.#admission.pending - (isRunning ? 0 : 1)
    if (waiting >= maxQueuedPrompts || waitingSize > MAX_QUEUED_SIZE) throw queueFull(waiting)
  }
}
