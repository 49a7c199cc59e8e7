import { AgentServerError, type ForkRequest } from '@claude-agent/protocol'
import { forkSession } from '@claude-agent/protocol/schema'
import { Hono, type MiddlewareHandler } from 'hono'
import type { Archives } from '../../archive/archives.ts'
import { readBody, streamBody } from '../body.ts'

export interface ArchiveRoutesOptions {
  archives: Archives
  /** Refuses JSON that is too large. */
  limited: MiddlewareHandler
  /** Bytes of the largest archive that is taken in. */
  maxArchiveBytes: number
}

/** Forks of sessions, archives of them, and sessions out of archives. */
export function createArchiveRoutes({ archives, limited, maxArchiveBytes }: ArchiveRoutesOptions): Hono {
  const app = new Hono()
  app.post('/archive', async (c) => {
    const id = c.req.query('id')
    if (id !== undefined) requireId(id)
    const { info, created } = await archives.import(streamBody(c, maxArchiveBytes), id)
    return c.json(info, created ? 201 : 200)
  })
  app.post('/:id/fork', limited, async (c) => {
    const request = await readBody(c, forkSession, 'invalid_request', '{}')
    const { info, created } = await archives.fork(c.req.param('id'), request as ForkRequest)
    return c.json(info, created ? 201 : 200)
  })
  app.get('/:id/archive', async (c) => {
    const { bytes, release } = await archives.export(c.req.param('id'), readAt(c.req.query('at')))
    c.header('content-type', 'application/octet-stream')
    c.header('content-disposition', `attachment; filename="${c.req.param('id')}.session"`)
    c.header('cache-control', 'no-store')
    if (c.req.method === 'HEAD') {
      await release()
      return c.body(null)
    }
    return c.body(toStream(bytes, release))
  })
  return app
}

/** Bytes as a stream, at the pace of the reader; one that goes away lets go of what they come from. */
function toStream(
  bytes: AsyncIterable<Uint8Array>,
  release: () => Promise<void>,
): ReadableStream<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]()
  return new ReadableStream(
    {
      pull: async (controller) => {
        const { done, value } = await source.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel: async () => {
        await source.return?.()
        await release()
      },
    },
    { highWaterMark: 0 },
  )
}

function readAt(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw wrong('at', text, 'the seq of an event')
}

function requireId(id: string): void {
  if (!/^[\w-]{1,64}$/.test(id)) throw wrong('id', id, "1 to 64 letters, digits, '-' and '_'")
}

function wrong(name: string, text: string, wanted: string): AgentServerError {
  return new AgentServerError({
    code: 'invalid_request',
    message: `${name} is ${JSON.stringify(text.slice(0, 100))}; it must be ${wanted}.`,
    hint: 'Leave it out for the default: PROTOCOL.md, Copies.',
  })
}
