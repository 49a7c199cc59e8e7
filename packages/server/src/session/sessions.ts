import { drawUuid } from '../random.ts'
import {
  AgentServerError,
  type CreateSessionRequest,
  type QueryConfig,
  type SessionInfo,
  type SessionList,
  type SessionUpdate,
} from '@claude-agent/protocol'
import { kindsOf } from '../agent/asking.ts'
import { acceptConfig } from '../policy/accept-config.ts'
import { hashOf } from '../policy/fingerprint.ts'
import { redactConfig } from '../policy/redact.ts'
import { describeSession } from './info.ts'
import { charactersOf } from './prompt-queue.ts'
import type { SessionRecord } from './record.ts'
import { sessionConflict, sessionDeleted, sessionNotFound, stopping, tooManySessions } from './refusals.ts'
import { Session, type SessionMeans } from './session.ts'
import { SessionState } from './state.ts'
import type { SessionStore } from './store.ts'

/** How many sessions are taken up at once at the start of a server. */
const PARALLEL = 4
/** Characters after which a page of the list ends. */
const PAGE_CHARACTERS = 4 * 1024 * 1024
/** Characters of the options of one session. */
const MAX_OPTIONS = 256 * 1024
/** Pause after the last event before a session is written down as being at rest. */
const REST_MS = 500
/** Pause after a session was created before a spare is made ready for the next one. */
const SPARE_MS = 2_000

export interface SessionsParts {
  store: SessionStore
  means: SessionMeans
  /** The most sessions that there may be. */
  maxSessions: number
}

interface Entry {
  record: SessionRecord
  /** As the record tells: it was not opened since the start of the server, and need not be. */
  isAtRest: boolean
  /** Once it was opened. */
  session?: Promise<Session>
  resting?: NodeJS.Timeout
}

/** The sessions of a server. Those that have nothing to do are not in memory but for a record. */
export class Sessions {
  readonly #parts: SessionsParts
  readonly #entries = new Map<string, Entry>()
  #isClosed = false
  #lastCreated = 0

  private constructor(parts: SessionsParts) {
    this.#parts = parts
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
    const options = isPlain ? (request.options ?? {}) : accept(request.options ?? {}, {})
    this.#parts.means.host.requireUsable(options)
    if (this.#isClosed) throw stopping()
    if (this.#parts.store.wasDeleted(id)) throw sessionDeleted(id)
    const known = this.#entries.get(id)
    if (known !== undefined) return { info: await this.#recreate(id, options), created: false }
    if (this.#entries.size >= this.#parts.maxSessions) throw tooManySessions(this.#entries.size)
    // Each has a place of its own in the list.
    const now = (this.#lastCreated = Math.max(Date.now(), this.#lastCreated + 1))
    const shown = redactConfig(options)
    const record: SessionRecord = {
      id,
      title: request.title,
      metadata: request.metadata ?? {},
      options: shown,
      hasSecrets: hashOf(shown) !== hashOf(options),
      limits: request.limits ?? {},
      askTimeoutMs: request.askTimeoutMs ?? 0,
      interactive: request.interactive ?? true,
      isPlain,
      createdAt: now,
      updatedAt: now,
    }
    const session = this.#create(record, options)
    this.#entries.set(id, { record, isAtRest: false, session })
    session.catch(async () => {
      this.#entries.delete(id)
      await this.#parts.store.discard(id).catch(() => {})
    })
    const created = await session
    if (!isPlain) setTimeout(() => this.#prepareSpare(created), SPARE_MS).unref()
    return { info: created.info(), created: true }
  }

  /** A page of the sessions, the oldest first. */
  async list(after: string | undefined, limit: number): Promise<SessionList> {
    const all = [...this.#entries.values()].map(({ record }) => record)
    const start = after === undefined ? 0 : all.findIndex((record) => placeOf(record) > after)
    const sessions: SessionInfo[] = []
    if (start === -1) return { sessions }
    let size = 0
    for (const record of all.slice(start)) {
      if (sessions.length >= limit || size > PAGE_CHARACTERS)
        return { sessions, next: placeOf(sessions.at(-1)!) }
      // One that was deleted meanwhile, or cannot be taken up now.
      const info = await this.info(record.id).catch(() => undefined)
      if (info === undefined) continue
      sessions.push(info)
      size += charactersOf(info)
    }
    return { sessions }
  }

  /** @throws AgentServerError `session_not_found`, `session_deleted` */
  async info(id: string): Promise<SessionInfo> {
    const { record, session, isAtRest } = this.#find(id)
    if (session !== undefined || record.rest === undefined || !isAtRest) {
      const opened = await this.open(id)
      await opened.told()
      return opened.info()
    }
    const { state, ...moment } = record.rest
    return describeSession(record, new SessionState(state), {
      ...moment,
      ...restingStatus(record),
      queuedPrompts: 0,
    })
  }

  /** Sets what is given. @throws AgentServerError as `create()`, and `credentials_required` */
  async update(id: string, update: SessionUpdate): Promise<SessionInfo> {
    const session = await this.open(id)
    const { areComplete, config } = session.options
    const options =
      update.options === undefined ? {} : { options: accept(update.options, areComplete ? config : {}) }
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
    clearTimeout(this.#entries.get(id)?.resting)
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
    await Promise.all(
      [...this.#entries.values()].map(async ({ session, resting }) => {
        clearTimeout(resting)
        const opened = await session?.catch(() => undefined)
        if (opened === undefined) return
        await opened.close('stopping')
        await this.#writeRest(opened)
      }),
    )
  }

  #find(id: string): Entry {
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

  async #create(record: SessionRecord, options: QueryConfig): Promise<Session> {
    await this.#parts.store.save(record, true)
    return await this.#openSession(record, options)
  }

  async #take({ record }: Entry): Promise<Session> {
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
      onRest: (opened) => this.#restLater(opened),
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
    const asks = kindsOf(session.record.interactive)
    this.#parts.means.spares.prepare({ fingerprint: wanted, config, asks })
  }

  #restLater(session: Session): void {
    const entry = this.#entries.get(session.id)
    if (entry === undefined || this.#isClosed) return
    clearTimeout(entry.resting)
    entry.resting = setTimeout(() => void this.#writeRest(session), REST_MS).unref()
  }

  /** Writes down how a session is that has nothing left to do, so that the next start need not open it. */
  async #writeRest(session: Session): Promise<void> {
    const { store } = this.#parts
    try {
      if (!session.isAtRest) return
      await session.feed.settled()
      const { id, firstSeq, lastSeq } = session.feed
      const state = session.state.snapshot
      if (state.seq !== lastSeq) return
      const bytes = store.sizeOfLog(session.id)
      const record = { ...session.record, rest: { state, log: id, firstSeq, lastSeq, bytes } }
      await store.save(record, false)
      if (session.processId === undefined && !this.#isClosed) await session.feed.release()
    } catch (error) {
      // A full disk, for one: without it the session is opened at the next start, which is all.
      if (!(error instanceof AgentServerError) && !('code' in (error as Error))) throw error
    }
  }
}

/** What a session that was not opened since the start of the server is doing. */
function restingStatus({ hasSecrets, rest }: SessionRecord): Pick<SessionInfo, 'status'> {
  if (rest !== undefined && rest.state.asks.length > 0) return { status: 'requires_action' }
  if (hasSecrets) return { status: 'credentials_required' }
  return { status: rest?.state.status === 'failed' ? 'failed' : 'idle' }
}

/** Options as the policy lets them through. They are kept in memory for every session. */
function accept(options: QueryConfig, stored: QueryConfig): QueryConfig {
  const accepted = acceptConfig(options, stored)
  const size = charactersOf(accepted)
  if (size <= MAX_OPTIONS) return accepted
  throw new AgentServerError({
    code: 'invalid_config',
    message: `The options have ${size} characters; ${MAX_OPTIONS} are the limit.`,
    hint: 'Put long texts into files of the workspace.',
  })
}

/** The place of a session in the list, as text that sorts. */
function placeOf({ createdAt, id }: Pick<SessionRecord, 'createdAt' | 'id'>): string {
  return `${createdAt}-${id}`
}
