import type { CreateSessionRequest, ForkRequest, QueryConfig, SessionInfo } from '@claude-agent/protocol'
import type { AgentHost } from '../agent/agent-host.ts'
import { hasTranscript } from '../agent/transcript-home.ts'
import { drawUuid } from '../random.ts'
import { acceptOptions } from '../session/accept-options.ts'
import type { SessionRecord } from '../session/record.ts'
import type { Sessions } from '../session/sessions.ts'
import type { SessionStore } from '../session/store.ts'
import { exportSession, type Export } from './export.ts'
import { readArchive, type ArchiveItem } from './section-reader.ts'
import { invalidArchive, type SectionHeader } from './section.ts'
import { stageTranscript, transcriptInUse } from './taken-over.ts'
import { NO_USAGE, StagedSession, type CopyAs } from './staged-session.ts'

export interface ArchivesParts {
  sessions: Sessions
  store: SessionStore
  host: AgentHost
}

export interface Copied {
  info: SessionInfo
  /** False when it was there already, from the same request before. */
  created: boolean
}

const SESSION_ID = /^[\w-]{1,64}$/

type Origin = NonNullable<SessionRecord['origin']>

/** What becomes of an archive. */
interface TakeIn extends CopyAs {
  /** @default that of the archive */
  id?: string | undefined
  fields?: Pick<ForkRequest, 'title' | 'metadata'>
  /** @default those of the archive */
  options?: QueryConfig
}

/** Copies of sessions: archives of them, sessions out of archives, and forks, which are both at once. */
export class Archives {
  readonly #parts: ArchivesParts
  /** Conversations of the SDK that a session is being made with. */
  readonly #claimed = new Set<string>()

  constructor(parts: ArchivesParts) {
    this.#parts = parts
  }

  /** A session up to the end of a turn, as bytes. @throws AgentServerError of `exportSession()` */
  async export(id: string, at?: number): Promise<Export> {
    const session = await this.#parts.sessions.open(id)
    return await exportSession(session, this.#parts.host.home(session.options.config), at)
  }

  /**
   * A session that goes on from the end of a turn of another one, independent of it.
   * @throws AgentServerError of `exportSession()` and of `Sessions.create()`, `session_exists`
   */
  async fork(from: string, { id = drawUuid(), at, options, ...fields }: ForkRequest): Promise<Copied> {
    const { sessions, host } = this.#parts
    const session = await sessions.open(from)
    const { config, areComplete } = session.options
    const wanted = options === undefined ? config : acceptOptions(options, areComplete ? config : {})
    host.requireUsable(wanted)
    const before = sessions.record(id)?.origin
    if (before?.source === 'session' && before.from === from && (at ?? before.at) === before.at)
      return { info: await sessions.info(id), created: false }
    sessions.requireFree(id)
    const exported = await this.export(from, at)
    try {
      const conversation = async (): Promise<string> => drawUuid()
      const as = { id, source: 'session', usage: NO_USAGE, conversation, fields, options: wanted } as const
      return await this.#takeIn(exported.bytes, as)
    } finally {
      await exported.release()
    }
  }

  /**
   * A session out of an archive. It keeps the SDK's id of its conversation where that is free here.
   * @throws AgentServerError `invalid_archive`, `session_exists`, and those of options and calls
   */
  async import(bytes: AsyncIterable<Uint8Array>, id?: string): Promise<Copied> {
    const home = this.#parts.host.home({})
    const claimed: string[] = []
    const conversation = async (sdkSessionId: string): Promise<string> => {
      if (this.#claimed.has(sdkSessionId)) return drawUuid()
      claimed.push(sdkSessionId)
      this.#claimed.add(sdkSessionId)
      const owners = await this.#parts.sessions.list.withConversation(sdkSessionId)
      return owners.length > 0 || (await hasTranscript(home, sdkSessionId)) ? drawUuid() : sdkSessionId
    }
    try {
      return await this.#takeIn(bytes, { id, source: 'archive', conversation })
    } finally {
      for (const sdkSessionId of claimed) this.#claimed.delete(sdkSessionId)
    }
  }

  /**
   * A session that goes on with a conversation that the SDK knows, which is its own from then on.
   * @throws AgentServerError `transcript_not_found`, `transcript_in_use`, `history_lost`, and those of `Sessions.create()`
   */
  async takeOver({
    transcript,
    id = drawUuid(),
    ...request
  }: CreateSessionRequest & { transcript: string }): Promise<Copied> {
    const { sessions, store, host } = this.#parts
    const options = acceptOptions(request.options ?? {}, {})
    host.requireUsable(options)
    if (sessions.record(id)?.origin?.from === transcript)
      return { info: await sessions.info(id), created: false }
    sessions.requireFree(id)
    if (this.#claimed.has(transcript)) throw transcriptInUse(transcript, id)
    this.#claimed.add(transcript)
    try {
      const [owner] = await sessions.list.withConversation(transcript)
      if (owner !== undefined) throw transcriptInUse(transcript, owner)
      const known = await host.readTranscript(transcript, options)
      const folder = await store.stage()
      const log = await stageTranscript(transcript, known, folder)
      const { title, metadata = {}, limits = {}, askTimeoutMs = 0, interactive = true } = request
      const { questions = 'defer' } = request
      const origin: Origin = { source: 'transcript', from: transcript }
      const fields = {
        id,
        title,
        metadata,
        limits,
        askTimeoutMs,
        interactive,
        questions,
        isPlain: false,
        origin,
      }
      const record = { ...fields, updatedSeq: log.lastSeq }
      const added = await sessions.add(record, options, (made) => store.adopt(folder, made))
      return { info: added.info(), created: true }
    } finally {
      this.#claimed.delete(transcript)
    }
  }

  async #takeIn(bytes: AsyncIterable<Uint8Array>, as: TakeIn): Promise<Copied> {
    const items = readArchive(bytes)
    try {
      const { header } = (await items.next()).value as { header: SectionHeader }
      return await this.#takeInSections(header, items, as)
    } finally {
      await items.return(undefined)
    }
  }

  async #takeInSections(
    first: SectionHeader,
    items: AsyncIterable<ArchiveItem>,
    as: TakeIn,
  ): Promise<Copied> {
    const { sessions, store, host } = this.#parts
    const { session } = first
    const id = as.id ?? session.id
    if (!SESSION_ID.test(id)) throw invalidArchive('The id of its session is none.')
    const known = sessions.record(id)?.origin
    if (known?.source === as.source && known.from === session.id && known.log === first.log.id)
      return { info: await sessions.info(id), created: false }
    sessions.requireFree(id)
    // As they are shown: `[redacted]` stands for itself.
    const options = as.options ?? acceptOptions(session.options, session.options)
    host.requireUsable(options)
    const staged = await StagedSession.read(first, items, await store.stage(), host.home(options), as)
    try {
      const added = await sessions.add({ id, ...staged.fields, ...as.fields }, options, async (record) => {
        await staged.place()
        await store.adopt(staged.folder, record)
      })
      return { info: added.info(), created: true }
    } catch (error) {
      await staged.discard()
      throw error
    }
  }
}
