import { AgentServerError, parseCursor, type Seq } from '@claude-agent/protocol'
import type { Feed } from '../../log/feed.ts'

/** Where a reader begins: with the event behind `after`. `gap` when that is not where it wanted to. */
export interface Position {
  after: Seq
  gap?: { after: Seq; first: Seq }
}

/** The feed as far as places in it are concerned. */
type Extent = Pick<Feed, 'id' | 'firstSeq' | 'lastSeq'>

/**
 * Where `after` leads: to the start when it is absent, to what happens from now on with `latest`, else behind a cursor,
 * `<log>:<seq>` or `<seq>`. One of another log or beyond the end leads to the start, with a gap.
 * @throws AgentServerError `invalid_request`
 */
export function positionAfter(feed: Extent, text: string | undefined, name = 'after'): Position {
  if (text === undefined) return positionBehind(feed, 0)
  if (text === 'latest') return { after: feed.lastSeq }
  const { log, seq } = readCursor(name, text)
  if (isElsewhere(feed, log) || seq > feed.lastSeq) return restart(feed, seq)
  return positionBehind(feed, seq)
}

/**
 * Where a page of `limit` events begins that ends before a cursor, and the number that it ends before. `latest` stands
 * for the end of the list. A cursor of another log or beyond the end leads to the start, with a gap and no end.
 * @throws AgentServerError `invalid_request`
 */
export function positionBefore(feed: Extent, text: string, limit: number): Position & { before?: Seq } {
  const end = feed.lastSeq + 1
  const { log, seq: before } = text === 'latest' ? { log: undefined, seq: end } : readCursor('before', text)
  if (isElsewhere(feed, log) || before > end) return restart(feed, before)
  return { ...positionBehind(feed, Math.max(0, before - 1 - limit)), before }
}

/** Behind a number that the list had; a part of what follows it may be gone. */
function positionBehind(feed: Extent, after: Seq): Position {
  return after < feed.firstSeq - 1 ? restart(feed, after) : { after }
}

/** At the first event that is still there. */
function restart({ firstSeq }: Extent, after: Seq): Position {
  return { after: firstSeq - 1, gap: { after, first: firstSeq } }
}

function isElsewhere(feed: Extent, log: string | undefined): boolean {
  return log !== undefined && log !== feed.id
}

function readCursor(name: string, text: string): { log?: string; seq: Seq } {
  const cursor = parseCursor(text)
  if (cursor !== undefined) return cursor
  throw new AgentServerError({
    code: 'invalid_request',
    message: `${name} is ${JSON.stringify(text.slice(0, 100))}, which is no cursor.`,
    hint: "A cursor is '<log>:<seq>', '<seq>', or 'latest'.",
  })
}
