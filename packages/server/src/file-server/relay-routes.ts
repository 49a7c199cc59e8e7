import { request as send, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { HttpBindings } from '@hono/node-server'
import { AgentServerError } from '@claude-agent/protocol'
import { Hono, type Context } from 'hono'

/** What of a request is passed on: no token, no cookie, nothing else that the agent could read there. */
const ASKED = [
  'content-length',
  'content-type',
  'range',
  'if-match',
  'if-none-match',
  'if-range',
  'transfer-encoding',
]
/** What of an answer is: the agent can make the process of its user say anything, to pages of the server's origin too. */
const ANSWERED = [
  'accept-ranges',
  'cache-control',
  'content-length',
  'content-range',
  'etag',
  'last-modified',
  'retry-after',
]

type Bound = Context<{ Bindings: HttpBindings }>

/** The routes of `createFileRoutes`, as they stream, over the socket of the process that serves them. */
export function createFileRelay(address: () => Promise<string>): Hono {
  const app = new Hono<{ Bindings: HttpBindings }>()
  const relay = async (c: Bound): Promise<Response> => await pass(c, await address())
  app.on(['GET', 'DELETE'], '/', relay)
  app.get('/info', relay)
  app.on(['GET', 'PUT'], '/content', relay)
  app.post('/directory', relay)
  app.post('/move', relay)
  return app as unknown as Hono
}

async function pass(c: Bound, socketPath: string): Promise<Response> {
  const { incoming, outgoing } = c.env
  const { pathname, search } = new URL(c.req.url)
  const request = send({
    socketPath,
    agent: false,
    method: c.req.method,
    path: pathname + search,
    // Else the other side hangs up with its answer, which is lost where the body is still on its way.
    headers: { ...pick(incoming.headers, ASKED), connection: 'keep-alive' },
  })
  // Who goes away takes his request along, and his upload is cleaned up after.
  const abandon = (): void => void request.destroy()
  outgoing.once('close', abandon)
  incoming.once('error', abandon)
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve)
      request.on('error', reject)
    })
    if (c.req.method === 'PUT' || c.req.method === 'POST') incoming.pipe(request)
    else request.end()
    const answer = await answered
    // What is still sent of a body that was refused is nobody's.
    incoming.unpipe(request)
    return toResponse(answer, c.req.method)
  } catch (cause) {
    throw lost(cause)
  }
}

function toResponse(answer: IncomingMessage, method: string): Response {
  const status = answer.statusCode ?? 500
  const headers = new Headers(pick(answer.headers, ANSWERED))
  if (answer.headers['content-type'] === 'application/json') headers.set('content-type', 'application/json')
  else {
    headers.set('content-type', 'application/octet-stream')
    headers.set('content-disposition', 'attachment')
  }
  if (method === 'HEAD' || status === 204 || status === 304) {
    headers.delete('content-type')
    answer.resume()
    return new Response(null, { status, headers })
  }
  // One that breaks off breaks the connection: a reader that was promised more must see it.
  return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>, { status, headers })
}

function pick(headers: IncomingMessage['headers'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
}

/** The process ended while it was asked; the next one is on its way. */
export function lost(cause?: unknown): AgentServerError {
  return new AgentServerError({
    code: 'internal',
    message: "The process that serves files as the agents' user ended.",
    hint: 'It is started anew: try again.',
    retryAfterMs: 1000,
    cause,
  })
}
