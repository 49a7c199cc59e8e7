import type { SessionInfo, SessionList } from '@claude-agent/protocol'
import { charactersOf } from './prompt-queue.ts'
import type { SessionRecord } from './record.ts'

/** Characters after which a page of the list ends. */
const PAGE_CHARACTERS = 4 * 1024 * 1024

/** A page of sessions, in the order of their records. `read` gives undefined for one that is not to be in it. */
export async function listSessions(
  records: readonly SessionRecord[],
  after: string | undefined,
  limit: number,
  read: (id: string) => Promise<SessionInfo | undefined>,
): Promise<SessionList> {
  const start = after === undefined ? 0 : records.findIndex((record) => placeOf(record) > after)
  const sessions: SessionInfo[] = []
  if (start === -1) return { sessions }
  let size = 0
  for (const record of records.slice(start)) {
    if (sessions.length >= limit || size > PAGE_CHARACTERS)
      return { sessions, next: placeOf(sessions.at(-1)!) }
    const info = await read(record.id)
    if (info === undefined) continue
    sessions.push(info)
    size += charactersOf(info)
  }
  return { sessions }
}

/** The place of a session in the list, as text that sorts. */
function placeOf({ createdAt, id }: Pick<SessionRecord, 'createdAt' | 'id'>): string {
  return `${createdAt}-${id}`
}
