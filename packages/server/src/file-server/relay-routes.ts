import { request as send, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { HttpBindings } from '@hono/node-server'
import { AgentServerError, ERRORS, parseErrorBody } from '@claude-agent/protocol'
import { Hono, type Context } from 'hono'
import type { ContentfulStatusCode, StatusCode } from 'hono/utils/http-status'

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

/** What the routes answer. Others would be the server's word: on its tokens, on where to go, on when to come back. */
const SUCCESSES: ReadonlySet<number> = new Set([200, 201, 204, 206, 304])
const FAILURES: ReadonlySet<number> = new Set([400, 403, 404, 409, 412, 413, 416, 500, 507])

/** An error is a sentence or two. */
const MAX_ERROR_BYTES = 64 * 1024

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
      request.once('close', () => reject(new Error('It hung up.')))
      // The process says neither; the agent could have it say them for ever.
      request.once('information', () => request.destroy(new Error('It gave a part of an answer.')))
      request.once('upgrade', (_, socket) => socket.destroy())
    })
    if (c.req.method === 'PUT' || c.req.method === 'POST') incoming.pipe(request)
    else request.end()
    const answer = await answered
    // What is still sent of a body that was refused is nobody's.
    incoming.unpipe(request)
    return await toResponse(c, answer)
  } catch (cause) {
    throw cause instanceof AgentServerError ? cause : lost(cause)
  }
}

/** By way of `c`, which knows the headers of all answers. */
async function toResponse(c: Bound, answer: IncomingMessage): Promise<Response> {
  const status = answer.statusCode ?? 0
  if (!SUCCESSES.has(status) && !FAILURES.has(status)) throw unexpected(answer, `answered ${status}`)
  const headers = pick(answer.headers, ANSWERED)
  if (c.req.method === 'HEAD' || status === 204 || status === 304) {
    answer.resume()
    return c.body(null, status as StatusCode, headers)
  }
  if (FAILURES.has(status)) {
    const range = headers['content-range']
    if (range !== undefined) c.header('content-range', range)
    throw await readError(answer)
  }
  if (answer.headers['content-type'] === 'application/json') headers['content-type'] = 'application/json'
  else {
    headers['content-type'] = 'application/octet-stream'
    headers['content-disposition'] = 'attachment'
  }
  // One that breaks off breaks the connection: a reader that was promised more must see it.
  const body = Readable.toWeb(answer) as ReadableStream<Uint8Array>
  return c.body(body, status as ContentfulStatusCode, headers)
}

/** The error of an answer, whose code has to be one of its status. */
async function readError(answer: IncomingMessage): Promise<AgentServerError> {
  let text = ''
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.length > MAX_ERROR_BYTES) break
  }
  let error: AgentServerError | undefined
  try {
    error = parseErrorBody(JSON.parse(text))
  } catch {
    // None, then.
  }
  if (error !== undefined && ERRORS[error.code].status === answer.statusCode) return error
  return unexpected(answer, `answered ${answer.statusCode} without an error of that status`)
}

function pick(headers: IncomingMessage['headers'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
}

function unexpected(answer: IncomingMessage, what: string): AgentServerError {
  answer.destroy()
  return new AgentServerError({
    code: 'internal',
    message: `The process that serves files as the agents' user ${what}, which it never does by itself.`,
    hint: 'Programs of the agent may have changed it: start the server anew, or leave the sandbox.',
  })
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
