import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SessionInfo, SessionList as Page } from '@claude-agent/protocol'
import { describeResting } from './info.ts'
import { charactersOf } from './prompt-queue.ts'
import type { SessionRecord } from './record.ts'
import type { Session } from './session.ts'

/** Characters after which a page of the list ends. */
const PAGE_CHARACTERS = 4 * 1024 * 1024

/** A session as the server has it. */
export interface SessionEntry {
  record: SessionRecord
  /** As the record tells: it was not opened since the start of the server, and need not be. */
  isAtRest: boolean
  /** Once it was opened. */
  session?: Promise<Session>
}

/** What is told of sessions, without opening those that have nothing to do. */
export class SessionList {
  readonly #entries: ReadonlyMap<string, SessionEntry>
  readonly #open: (id: string) => Promise<Session>

  constructor(entries: ReadonlyMap<string, SessionEntry>, open: (id: string) => Promise<Session>) {
    this.#entries = entries
    this.#open = open
  }

  /** The ids of all sessions, the oldest first. */
  get ids(): string[] {
    return [...this.#entries.keys()]
  }

  /** A page of them, the oldest first; of those with a conversation of the SDK's, where its id is given. */
  async page(after: string | undefined, limit: number, sdkSessionId?: string): Promise<Page> {
    const all = [...this.#entries.values()].map(({ record }) => record)
    const wanted = sdkSessionId === undefined ? undefined : await this.withConversation(sdkSessionId)
    const records = wanted === undefined ? all : all.filter(({ id }) => wanted.includes(id))
    const start = after === undefined ? 0 : records.findIndex((record) => placeOf(record) > after)
    const sessions: SessionInfo[] = []
    if (start === -1) return { sessions }
    let size = 0
    for (const record of records.slice(start)) {
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

  async info(id: string): Promise<SessionInfo> {
    const { rest, record } = this.#resting(id) ?? {}
    if (rest !== undefined && record !== undefined) return describeResting(record, rest)
    const opened = await this.#open(id)
    await opened.told()
    return opened.info()
  }

  /** The sessions that have, or had, a conversation of the SDK. */
  async withConversation(sdkSessionId: string): Promise<string[]> {
    const ids: string[] = []
    for (const id of this.ids) {
      const known = this.#resting(id)?.rest.state.conversation.sdkSessionIds
      const found = known ?? (await this.#conversationsOf(id))
      if (found.includes(sdkSessionId)) ids.push(id)
    }
    return ids
  }

  /** How far the log of a session is; undefined for one that is being opened, or is gone. */
  async reachOf(id: string): Promise<{ log: string; lastSeq: number; isOpen: boolean } | undefined> {
    const rest = this.#resting(id)?.rest
    if (rest !== undefined) return { log: rest.log, lastSeq: rest.lastSeq, isOpen: false }
    const opening = this.#entries.get(id)?.session?.catch(() => undefined)
    const session = await Promise.race([opening, nextTurn(undefined)])
    return session && { log: session.feed.id, lastSeq: session.feed.lastSeq, isOpen: true }
  }

  async #conversationsOf(id: string): Promise<readonly string[]> {
    return await this.#open(id).then(
      ({ state }) => [...state.conversation.sdkSessionIds],
      () => [],
    )
  }

  #resting(id: string): { record: SessionRecord; rest: NonNullable<SessionRecord['rest']> } | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.session !== undefined || !entry.isAtRest) return undefined
    const { record } = entry
    return record.rest === undefined ? undefined : { record, rest: record.rest }
  }
}

/** The place of a session in the list, as text that sorts. */
function placeOf({ createdAt, id }: Pick<SessionRecord, 'createdAt' | 'id'>): string {
  return `${createdAt}-${id}`
}
