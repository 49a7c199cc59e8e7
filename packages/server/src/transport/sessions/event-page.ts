import type { Seq } from '@claude-agent/protocol'
import type { Entry } from '../../log/entry.ts'
import type { Feed } from '../../log/feed.ts'
import { positionAfter, positionBefore, type Position } from './position.ts'

/** Bytes of events after which a page ends, however few they are. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024

/** Events that are read at once on the way back. */
const STEP = 64

const COMMA = Buffer.from(',')
const END = Buffer.from(']}')

export interface PageQuery {
  after?: string | undefined
  /** Gives the events before this instead; not both. */
  before?: string | undefined
  limit: number
}

/** A page of events, as the JSON of an `EventPage`. @throws AgentServerError `invalid_request` for a wrong cursor */
export async function readPage(feed: Feed, query: PageQuery): Promise<Uint8Array<ArrayBuffer>> {
  const { id: log, firstSeq, lastSeq } = feed
  const { limit } = query
  const position: Position & { before?: Seq } =
    query.before === undefined ? positionAfter(feed, query.after) : positionBefore(feed, query.before, limit)
  const { after, before, gap } = position
  const entries =
    before === undefined ? await readForwards(feed, after, limit) : await readBackwards(feed, after, before)
  const head = JSON.stringify({ log, firstSeq, lastSeq, ...(gap === undefined ? {} : { gap }) })
  const parts = entries.flatMap(({ json }, i) => (i === 0 ? [json] : [COMMA, json]))
  return Buffer.concat([Buffer.from(`${head.slice(0, -1)},"events":[`), ...parts, END])
}

/** The events behind `after`, as many as fit. */
async function readForwards(feed: Feed, after: Seq, limit: number): Promise<Entry[]> {
  const page: Entry[] = []
  let bytes = 0
  for await (const batch of feed.read(after)) {
    for (const entry of batch) {
      bytes += entry.json.length
      if (page.length === limit || (bytes > MAX_PAGE_BYTES && page.length > 0)) return page
      page.push(entry)
    }
  }
  return page
}

/** The events between two numbers; the last ones, as many as fit. */
async function readBackwards(feed: Feed, after: Seq, before: Seq): Promise<Entry[]> {
  let page: Entry[] = []
  let bytes = 0
  for (let end = before; end - 1 > after; end -= STEP) {
    const start = Math.max(after, end - 1 - STEP)
    const found: Entry[] = []
    for await (const entry of entriesBetween(feed, start, end)) {
      found.push(entry)
      bytes += entry.json.length
      while (bytes > MAX_PAGE_BYTES && found.length + page.length > 1 && found.length > 0)
        bytes -= found.shift()!.json.length
    }
    page = [...found, ...page]
    if (found.length < end - 1 - start) break
  }
  return page
}

async function* entriesBetween(feed: Feed, after: Seq, before: Seq): AsyncGenerator<Entry> {
  for await (const batch of feed.read(after)) {
    for (const entry of batch) {
      if (entry.seq! >= before) return
      yield entry
    }
  }
}
