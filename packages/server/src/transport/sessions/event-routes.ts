import type { HttpBindings } from '@hono/node-server'
import { AgentServerError } from '@claude-agent/protocol'
import { Hono, type Context } from 'hono'
import type { Session } from '../../session/session.ts'
import type { Sessions } from '../../session/sessions.ts'
import { EntryBytes } from './entry-bytes.ts'
import { toEventLines } from './event-lines.ts'
import { readPage } from './event-page.ts'
import { EventStream } from './event-stream.ts'
import { positionAfter } from './position.ts'
import { readLimit } from './limit.ts'
import { READER_TIMING, type ReaderTiming } from './timing.ts'

const STREAM = 'text/event-stream'

export interface EventRoutesOptions {
  timing?: ReaderTiming | undefined
  /** Most streams at once. @default Infinity */
  maxStreams?: number | undefined
}

/** `GET /sessions/:id/events`: a page of JSON, or with `Accept: text/event-stream` a stream. */
export function createEventRoutes(
  sessions: Pick<Sessions, 'open'>,
  { timing = READER_TIMING, maxStreams = Infinity }: EventRoutesOptions = {},
): Hono {
  const app = new Hono()
  const streams = new Set<EventStream>()
  const lines = new EntryBytes(toEventLines)
  app.get('/:id/events', async (c) => {
    const session = await sessions.open(c.req.param('id'))
    c.header('cache-control', 'no-store')
    const isStream = c.req.header('accept')?.toLowerCase().includes(STREAM)
    if (!isStream) return await answerPage(c, session)
    if (streams.size >= maxStreams) throw tooManyStreams(streams.size)
    return answerStream(c, session, { lines, timing, streams })
  })
  return app
}

async function answerPage(c: Context, session: Session): Promise<Response> {
  const { after, before } = c.req.query()
  if (after !== undefined && before !== undefined)
    throw conflicting("'after' and 'before' are two ways to page.")
  const page = await readPage(session.feed, { after, before, limit: readLimit(c) })
  return c.body(page, 200, { 'content-type': 'application/json' })
}

interface StreamParts {
  lines: EntryBytes
  timing: ReaderTiming
  /** Those that are open. */
  streams: Set<EventStream>
}

function answerStream(c: Context, session: Session, { lines, timing, streams }: StreamParts): Response {
  const { after, before, limit } = c.req.query()
  if ((before ?? limit) !== undefined)
    throw conflicting("'before' and 'limit' are for pages, not for a stream.")
  const { feed } = session
  const last = c.req.header('last-event-id')
  const position =
    last === undefined ? positionAfter(feed, after) : positionAfter(feed, last, 'Last-Event-ID')
  c.header('content-type', STREAM)
  // Proxies must not hold it back; and the connection ends with the stream, so that it keeps no server from stopping.
  c.header('x-accel-buffering', 'no')
  c.header('connection', 'close')
  if (c.req.method === 'HEAD') return c.body(null)
  const { incoming, outgoing: response } = c.env as HttpBindings
  const stream = new EventStream({ log: feed.id, lines, timing, response, raw: incoming.socket })
  streams.add(stream)
  if (position.gap !== undefined) stream.gap(position.gap.after, position.gap.first)
  const reader = feed.attach(stream, position.after)
  const forget = session.onClosed((reason) => stream.end(reason))
  stream.onEnded(() => {
    streams.delete(stream)
    reader.stop()
    forget()
  })
  return c.body(stream.body)
}

function tooManyStreams(count: number): AgentServerError {
  return new AgentServerError({
    code: 'too_many_connections',
    message: `${count} event streams are open already.`,
    hint: 'Close some, or raise CLAUDE_AGENT_MAX_CONNECTIONS.',
    retryAfterMs: 5000,
  })
}

function conflicting(message: string): AgentServerError {
  return new AgentServerError({
    code: 'invalid_request',
    message,
    hint: 'Give one of them.',
  })
}
