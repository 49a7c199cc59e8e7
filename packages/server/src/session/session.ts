import { setTimeout as delay } from 'node:timers/promises'
import type {
  AnswerAccepted,
  LoggedEvent,
  MessageAccepted,
  MessageCancelled,
  ProcessReleased,
  QueryConfig,
  SessionInfo,
  SessionUpdate,
  UserMessageInput,
} from '@claude-agent/protocol'
import { kindsOf } from '../agent/asking.ts'
import type { EventLog } from '../log/event-log.ts'
import type { Feed } from '../log/feed.ts'
import { redactConfig } from '../policy/redact.ts'
import { Admission } from './admission.ts'
import type { Driver, DriverMeans } from './driver.ts'
import type { GivenAnswer } from './answer.ts'
import type { ClientCallbacks } from './callbacks/client-callbacks.ts'
import type { DirectedAccepted } from './callbacks/directed-asks.ts'
import type { Port } from './callbacks/owner.ts'
import { Engine, type EngineMeans } from './engine.ts'
import { describeSession } from './info.ts'
import { catchUp, type SessionRecord } from './record.ts'
import { Readiness } from './readiness.ts'
import { drivenByStdio, promptNotFound, promptNotWaiting, stopping } from './refusals.ts'
import { SessionOptions, type SessionOptionsMeans } from './session-options.ts'
import { SessionState } from './state.ts'

/** How long an answer about the session waits for its events to be written. */
const TOLD_MS = 500

/** What all sessions of a server have in common. */
export interface SessionMeans extends EngineMeans, SessionOptionsMeans {
  /** The most prompts that may wait. */
  maxQueuedPrompts: number
}

export interface SessionParts {
  record: SessionRecord
  log: EventLog
  /** The options with their secrets; undefined when those were lost. */
  options: QueryConfig | undefined
  means: SessionMeans
  /** The record is to be on the disk once this resolves. */
  save: (record: SessionRecord) => Promise<void>
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
  readonly options: SessionOptions
  readonly state: SessionState
  readonly #parts: SessionParts
  readonly #engine: Engine
  readonly #admission: Admission
  readonly #readiness: Readiness
  readonly #endListeners = new Set<(end: SessionEnd) => void>()
  #record: SessionRecord
  #end: SessionEnd | undefined
  #driver: Driver | undefined

  private constructor(parts: SessionParts, state: SessionState) {
    const { record, means, log } = parts
    this.#parts = parts
    this.#record = record
    this.state = state
    this.options = new SessionOptions(record, parts.options, means, () => kindsOf(this.#record))
    this.#engine = new Engine({
      log,
      state,
      means,
      options: this.options,
      record: () => this.#record,
      onWritten: (event) => this.#written(event),
      onBegin: () => void parts.save(this.record).catch(() => {}),
      onChange: () => {
        if (this.isAtRest) parts.onRest(this)
      },
    })
    this.#readiness = new Readiness({
      ...means,
      id: record.id,
      state,
      engine: this.#engine,
      options: this.options,
      record: () => this.#record,
      admission: () => this.#admission,
      hasEnded: () => this.#end !== undefined,
    })
    const { runner } = this.#engine
    this.#admission = new Admission({
      state,
      feed: this.feed,
      takesMore: () => runner.takesMore,
      requireAble: () => {
        this.requireOwn()
        this.#readiness.requireAble()
      },
    })
  }

  /** Takes a session up from its log: what was open when the server ended, is gone on with. */
  static async open(parts: SessionParts): Promise<Session> {
    const { log } = parts
    let { record } = parts
    const { rest } = record
    const isOfLog = rest !== undefined && (rest.log === log.id || rest.isDurable === true)
    const state = new SessionState(isOfLog && rest.state.seq <= log.lastSeq ? rest.state : undefined)
    for await (const entries of log.read(state.seq)) {
      for (const { event } of entries as Iterable<{ event: LoggedEvent }>) {
        state.apply(event)
        record = catchUp(record, event)
      }
    }
    const options = record === parts.record ? parts.options : undefined
    const session = new Session({ ...parts, record, options }, state)
    await session.#engine.restore()
    return session
  }

  get id(): string {
    return this.#record.id
  }

  get feed(): Feed {
    return this.#engine.feed
  }

  /** What clients serve to the agent. */
  get callbacks(): ClientCallbacks {
    return this.#engine.callbacks
  }

  get record(): SessionRecord {
    return { ...this.#record, systemPrompt: this.#engine.launcher.systemPrompt }
  }

  /** Nothing is under way and nothing waits, but for a question that no process is needed for. */
  get isAtRest(): boolean {
    return this.#engine.isAtRest && this.#driver?.isActive !== true
  }

  /** A client of `stdio` drives it, and not what is sent to it. */
  get isDriven(): boolean {
    return this.#record.kind === 'stdio'
  }

  /** Its driver, which is made when it is first asked for. */
  drive<D extends Driver>(create: (means: DriverMeans) => D): D {
    this.#driver ??= create({
      ...this.#parts.means,
      state: this.state,
      feed: this.feed,
      record: () => this.record,
      config: () => this.options.config,
      requireStartable: () => this.#readiness.requireStartable(),
      publish: (event) => void this.feed.publish(event),
      onChange: () => {
        if (this.isAtRest) this.#parts.onRest(this)
      },
    })
    return this.#driver as D
  }

  /** Keeps what the events told so far: the oldest are about to be dropped. Says whether that worked. */
  async keepState(): Promise<boolean> {
    const { log, save } = this.#parts
    try {
      await log.sync()
      const moment = { state: this.state.snapshot, log: log.id, firstSeq: log.firstSeq, lastSeq: log.lastSeq }
      await save({ ...this.record, rest: { ...moment, bytes: -1, isDurable: true } })
      return true
    } catch {
      return false
    }
  }

  /** The process of the agent, while there is one. */
  get processId(): number | undefined {
    return this.#driver?.processId ?? this.#engine.runner.slot.agent?.processId
  }

  info(): SessionInfo {
    const { queuedPrompts } = this.#engine
    const { status, position } = this.#working
    const { id: log, firstSeq, lastSeq } = this.feed
    const moment = { status, position, queuedPrompts, log, firstSeq, lastSeq }
    return describeSession(this.#record, this.state, moment)
  }

  /** What says how the session is. */
  get #working(): Pick<Driver, 'status' | 'position'> {
    return this.#driver?.isActive === true ? this.#driver : this.#engine
  }

  /** Resolves when what the session does and what its events tell are the same, or that takes too long. */
  async told(): Promise<void> {
    const end = performance.now() + TOLD_MS
    while (
      this.#working.status !== this.state.status &&
      this.feed.fault === undefined &&
      performance.now() < end
    )
      await Promise.race([this.feed.settled(), delay(TOLD_MS, undefined, { ref: false })])
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
    this.requireOwn()
    if (!this.#engine.runner.cancel(uuid)) {
      const prompt = this.state.prompt(uuid)
      throw prompt === undefined ? promptNotFound(uuid) : promptNotWaiting(uuid, prompt.outcome)
    }
    await this.feed.settled()
    await this.feed.durable()
    return { uuid, outcome: 'cancelled' }
  }

  /** Stops the running turn, or closes the question that it waits on; without one it does nothing. */
  interrupt(): void {
    this.requireOwn()
    // A prompt that came before it, but is not in the log yet, is meant too.
    if (this.#admission.pending === 0) this.#engine.runner.interrupt()
    else void this.#admission.settled().then(() => this.#engine.runner.interrupt())
  }

  /**
   * Answers an ask; one that is for the client of a socket only by way of that.
   * @throws AgentServerError `ask_not_found`, `not_owner`, `already_settled`, `invalid_answer`, `storage_full`
   */
  async answer(
    ask: string,
    given: GivenAnswer,
    by: string,
    port?: Port,
  ): Promise<AnswerAccepted | DirectedAccepted> {
    if (this.#end !== undefined) throw stopping()
    this.requireOwn()
    if (this.callbacks.has(ask)) return this.callbacks.answer(ask, given, by, port)
    return await this.#engine.asks.answer(ask, given, by)
  }

  /**
   * Calls a method of the SDK's query on the agent, which is started if need be.
   * @throws AgentServerError `call_refused`, `call_failed`, `question_open`, `invalid_request`, `credentials_required`,
   * `no_model_access`, `agent_start_failed`, and those of options
   */
  async call(method: string, args: readonly unknown[], by: string): Promise<unknown> {
    this.requireOwn()
    this.#readiness.requireStartable()
    return await this.#engine.calls.call(method, args, by)
  }

  /**
   * Sets what is given, options as a whole; says when those take effect. Resolves once it is durable.
   * @throws AgentServerError `storage_full`
   */
  async update({ options, ...rest }: SessionUpdate): Promise<'now' | 'next_turn'> {
    const shown = options === undefined ? {} : { options: redactConfig(options) }
    const { seq } = await this.feed.offer({ type: 'session_updated', ...rest, ...shown })
    if (options !== undefined) this.options.set(options)
    this.#record = { ...this.#record, ...rest, ...this.options.kept, updatedAt: Date.now(), updatedSeq: seq }
    this.options.refresh()
    const { slot, mayWarm } = this.#engine.runner
    const applies = slot.isStale && !mayWarm ? 'next_turn' : 'now'
    this.#engine.refresh()
    await this.feed.durable()
    // The log has it: a record that cannot be written now is made up for at the next start.
    await this.#parts.save(this.record).catch(() => {})
    return applies
  }

  /** Gives the options again whose secrets were lost. */
  restoreCredentials(options: QueryConfig): void {
    if (this.options.areComplete) return
    this.options.set(options)
    this.#engine.refresh()
  }

  /** A client has come: an agent is made ready. */
  warm(): void {
    if (this.#end === undefined && !this.isDriven) this.#engine.warm()
  }

  /**
   * Gives the process of the agent back once it has nothing more to do, work in the background aside. A prompt, a call or
   * a client that comes before that keeps it.
   */
  release(): ProcessReleased {
    return { hadAgent: this.#engine.runner.slot.release() }
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
    await this.#driver?.close(end)
    await this.#engine.close(end === 'deleted')
    for (const listener of this.#endListeners) listener(end)
  }

  /** An event stands in the log: a prompt gets its turn from here on. */
  #written(event: LoggedEvent): void {
    if (this.isDriven) return
    const prompt = event.type === 'user_message' ? this.state.prompt(event.uuid) : undefined
    if (prompt !== undefined) this.#engine.runner.add(prompt)
  }

  /** It is no SDK that drives it. @throws AgentServerError `driven_by_stdio` */
  requireOwn(): void {
    if (this.isDriven) throw drivenByStdio(this.id)
  }
}
