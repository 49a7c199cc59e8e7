import { drawUuid } from '../random.ts'
import {
  type CreateSessionRequest,
  type QueryConfig,
  type SessionInfo,
  type SessionUpdate,
} from '@claude-agent/protocol'
import { kindsOf } from '../agent/asking.ts'
import { acceptOptions } from './accept-options.ts'
import { createRecord, type RecordFields, type SessionRecord } from './record.ts'
import {
  sessionConflict,
  sessionDeleted,
  sessionExists,
  sessionNotFound,
  stopping,
  tooManySessions,
} from './refusals.ts'
import { Resting } from './resting.ts'
import { SessionList, type SessionEntry } from './session-list.ts'
import { Session, type SessionMeans } from './session.ts'
import type { SessionStore } from './store.ts'

/** How many sessions are taken up at once at the start of a server. */
const PARALLEL = 4
/** Pause after a session was created before a spare is made ready for the next one. */
const SPARE_MS = 2_000

export interface SessionsParts {
  store: SessionStore
  means: SessionMeans
  /** The most sessions that there may be. */
  maxSessions: number
}

/** The sessions of a server. Those that have nothing to do are not in memory but for a record. */
export class Sessions {
  /** What is told of them. */
  readonly list: SessionList
  readonly #parts: SessionsParts
  readonly #entries = new Map<string, SessionEntry>()
  readonly #resting: Resting
  #isClosed = false
  #lastCreated = 0

  private constructor(parts: SessionsParts) {
    this.#parts = parts
    this.#resting = new Resting(parts.store)
    this.list = new SessionList(this.#entries, (id) => this.open(id))
  }

  /** Finds the sessions that there are. `resume()` then goes on with those that have something left to do. */
  static async open(parts: SessionsParts): Promise<{ sessions: Sessions; resume: () => Promise<void> }> {
    const sessions = new Sessions(parts)
    const open: string[] = []
    for (const { record, isAtRest } of await parts.store.list()) {
      sessions.#lastCreated = Math.max(sessions.#lastCreated, record.createdAt)
      sessions.#entries.set(record.id, { record, isAtRest })
      if (!isAtRest) open.push(record.id)
    }
    return { sessions, resume: () => sessions.#resume(open) }
  }

  /**
   * Creates a session; one that exists with the same options is given back.
   * @throws AgentServerError `session_conflict`, `session_deleted`, `too_many_sessions`, `invalid_config`, `option_refused`
   */
  async create(
    request: CreateSessionRequest,
    isPlain = false,
  ): Promise<{ info: SessionInfo; created: boolean }> {
    const id = request.id ?? drawUuid()
    const options = isPlain ? (request.options ?? {}) : acceptOptions(request.options ?? {}, {})
    this.#parts.means.host.requireUsable(options)
    const known = this.#entries.get(id)
    if (known !== undefined && known.record.kind !== request.kind) throw sessionConflict(id)
    if (known !== undefined) return { info: await this.#recreate(id, options), created: false }
    const created = await this.add(
      {
        id,
        title: request.title,
        metadata: request.metadata ?? {},
        limits: request.limits ?? {},
        askTimeoutMs: request.askTimeoutMs ?? 0,
        interactive: request.interactive ?? true,
        questions: request.questions ?? 'defer',
        isPlain,
        ...(request.kind === undefined ? {} : { kind: request.kind }),
      },
      options,
      (record) => this.#parts.store.save(record, true),
    )
    if (!isPlain && request.kind === undefined)
      setTimeout(() => this.#prepareSpare(created), SPARE_MS).unref()
    return { info: created.info(), created: true }
  }

  /**
   * Adds a session. `place` sees to it that there is its folder, with its record, before it is opened.
   * @throws AgentServerError `session_exists`, `session_deleted`, `too_many_sessions`, `server_stopping`
   */
  async add(
    fields: RecordFields,
    options: QueryConfig,
    place: (record: SessionRecord) => Promise<void>,
  ): Promise<Session> {
    const { id } = fields
    this.requireFree(id)
    // Each has a place of its own in the list.
    const now = (this.#lastCreated = Math.max(Date.now(), this.#lastCreated + 1))
    const { record, isComplete } = createRecord(fields, options, now)
    const session = place(record).then(() => this.#openSession(record, isComplete ? options : undefined))
    this.#entries.set(id, { record, isAtRest: false, session })
    session.catch(async () => {
      this.#entries.delete(id)
      await this.#parts.store.discard(id).catch(() => {})
    })
    return await session
  }

  /** @throws AgentServerError `session_exists`, `session_deleted`, `too_many_sessions`, `server_stopping` */
  requireFree(id: string): void {
    if (this.#isClosed) throw stopping()
    if (this.#parts.store.wasDeleted(id)) throw sessionDeleted(id)
    if (this.#entries.has(id)) throw sessionExists(id)
    if (this.#entries.size >= this.#parts.maxSessions) throw tooManySessions(this.#entries.size)
  }

  /** What is known of a session without opening it; undefined when there is none. */
  record(id: string): SessionRecord | undefined {
    return this.#entries.get(id)?.record
  }

  /** @throws AgentServerError `session_not_found`, `session_deleted` */
  async info(id: string): Promise<SessionInfo> {
    this.#find(id)
    return await this.list.info(id)
  }

  /** Sets what is given. @throws AgentServerError as `create()`, and `credentials_required` */
  async update(id: string, update: SessionUpdate): Promise<SessionInfo> {
    const session = await this.open(id)
    const { areComplete, config } = session.options
    const options =
      update.options === undefined
        ? {}
        : { options: acceptOptions(update.options, areComplete ? config : {}) }
    if (options.options !== undefined) this.#parts.means.host.requireUsable(options.options)
    await session.update({ ...update, ...options })
    this.#find(id).record = session.record
    return session.info()
  }

  /** Ends a session and removes what there is of it. */
  async delete(id: string): Promise<void> {
    const session = await this.open(id).catch((error: unknown) => {
      // One that cannot be taken up can still be deleted.
      this.#find(id)
      if (this.#isClosed) throw error
    })
    const { store, means } = this.#parts
    this.#find(id)
    store.markDeleted(id)
    this.#resting.forget(id)
    this.#entries.delete(id)
    await session?.close('deleted')
    await store.remove(id)
    if (session === undefined) return
    for (const sdkSessionId of session.state.conversation.sdkSessionIds)
      await means.host.removeTranscript(sdkSessionId, session.options.config).catch(() => {})
  }

  /** A session, taken up from its log if need be. @throws AgentServerError `session_not_found`, `session_deleted` */
  async open(id: string): Promise<Session> {
    const entry = this.#find(id)
    if (this.#isClosed && entry.session === undefined) throw stopping()
    if (entry.session === undefined) {
      const taken = this.#take(entry)
      entry.session = taken
      // What was in the way may be gone at the next try.
      taken.catch(() => {
        if (entry.session === taken) delete entry.session
      })
    }
    return await entry.session
  }

  /** Ends all agents; what waits is gone on with at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#resting.close()
    await Promise.all(
      [...this.#entries.values()].map(async ({ session }) => {
        const opened = await session?.catch(() => undefined)
        if (opened === undefined) return
        await opened.close('stopping')
        await this.#resting.write(opened)
      }),
    )
  }

  #find(id: string): SessionEntry {
    const entry = this.#entries.get(id)
    if (entry !== undefined) return entry
    throw this.#parts.store.wasDeleted(id) ? sessionDeleted(id) : sessionNotFound(id)
  }

  async #resume(ids: readonly string[]): Promise<void> {
    const left = [...ids]
    const work = async (): Promise<void> => {
      for (let id = left.shift(); id !== undefined && !this.#isClosed; id = left.shift())
        await this.open(id).catch((error: Error) => process.emitWarning(error))
    }
    await Promise.all(Array.from({ length: PARALLEL }, work))
  }

  async #take({ record }: SessionEntry): Promise<Session> {
    return await this.#openSession(record, record.hasSecrets ? undefined : record.options)
  }

  async #openSession(record: SessionRecord, options: QueryConfig | undefined): Promise<Session> {
    const { store, means } = this.#parts
    let session: Session | undefined
    // Until it is taken up nothing may go: what the events tell is not known yet.
    const log = await store.openLog(record.id, async () => (await session?.keepState()) ?? false)
    session = await Session.open({
      record,
      options,
      means,
      log,
      save: (changed) => store.save(changed, true),
      onRest: (opened) => {
        if (this.#entries.has(opened.id)) this.#resting.later(opened)
      },
    })
    return session
  }

  /** Who repeats the creation gives the secrets again that were lost, and hears when the options are others. */
  async #recreate(id: string, options: QueryConfig): Promise<SessionInfo> {
    const session = await this.open(id)
    if (!session.options.areSame(options)) throw sessionConflict(id)
    session.restoreCredentials(options)
    return session.info()
  }

  #prepareSpare(session: Session): void {
    if (this.#isClosed) return
    const { config, wanted } = session.options
    const asks = kindsOf(session.record)
    this.#parts.means.spares.prepare({ fingerprint: wanted, config, asks })
  }
}
