import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createId } from './answer/ids.ts'
import type { Exchange } from './endpoints/exchange.ts'
import { writeError } from './endpoints/exchange.ts'
import { ApiError, ScriptedClaudeError, scriptFailure } from './errors.ts'
import type { JsonBody } from './request/json-body.ts'
import { readBytes, readJsonBody } from './request/json-body.ts'
import type { RecordedRequest } from './request/record.ts'
import { RequestRecord } from './request/record.ts'

/** What every server of this package can be told. */
export interface ServerOptions {
  /** TCP port. @default 0, any free one */
  port?: number
  /** @default '127.0.0.1' */
  host?: string
  /** Longest request body, in bytes; a longer one gets 413. @default 256 MiB */
  maxBodyBytes?: number
  /** How many requests are recorded before the oldest are dropped. @default 10,000 */
  maxRecordedRequests?: number
  /** Total length of the bodies recorded before the oldest are dropped, in bytes. @default 128 MiB */
  maxRecordedBytes?: number
  /** Called when a request has ended, however it did. */
  onRequest?: (request: RecordedRequest) => void
}

/** A server that runs. */
export interface RunningServer {
  /** For `ANTHROPIC_BASE_URL`, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** The requests so far, oldest first. */
  readonly requests: readonly RecordedRequest[]
  /** Ends every open answer, hanging ones too, and stops listening. Can be called twice. */
  close(): Promise<void>
}

/**
 * Starts a server that hands each request to `answer`.
 * @throws ScriptedClaudeError `cannot_listen` when the port cannot be had
 */
export async function startExchangeServer(
  options: ServerOptions,
  answer: (exchange: Exchange) => Promise<void>,
): Promise<RunningServer> {
  const record = new RequestRecord(
    options.maxRecordedRequests ?? 10_000,
    options.maxRecordedBytes ?? 128 * 2 ** 20,
  )
  const maxBodyBytes = options.maxBodyBytes ?? 256 * 2 ** 20
  const open = new Map<AbortController, Promise<unknown>>()

  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    const aborter = new AbortController()
    const exchange = createExchange(request, response, record, maxBodyBytes, aborter.signal)
    const closed = closeOf(response).then(() => {
      const { record: entry } = exchange
      if (entry.outcome === 'open') entry.outcome = response.writableFinished ? 'answered' : 'aborted'
      entry.status = response.headersSent ? response.statusCode : 0
      open.delete(aborter)
      aborter.abort()
      options.onRequest?.(entry)
    })
    open.set(aborter, closed)
    void answerSafely(exchange, answer)
  })

  const host = options.host ?? '127.0.0.1'
  await listen(server, options.port ?? 0, host)
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  return {
    url: `http://${urlHost(host)}:${port}`,
    port,
    requests: record.requests,
    close() {
      closing ??= end(server, open)
      return closing
    },
  }
}

/** Resolves when nothing more can be written; an error on the way there is that of a client that went. */
function closeOf(response: ServerResponse): Promise<void> {
  response.on('error', () => response.destroy())
  return new Promise((resolve) => response.once('close', resolve))
}

/** Stops listening and ends every open answer; resolves when each is recorded as ended. */
async function end(server: Server, open: ReadonlyMap<AbortController, Promise<unknown>>): Promise<void> {
  const answers = [...open.values()]
  const stopped = new Promise((resolve) => server.close(resolve))
  for (const aborter of open.keys()) aborter.abort()
  server.closeAllConnections()
  await Promise.all([stopped, ...answers])
}

/** Records a request as it comes in. */
function createExchange(
  request: IncomingMessage,
  response: ServerResponse,
  record: RequestRecord,
  maxBodyBytes: number,
  signal: AbortSignal,
): Exchange {
  const [path = '/', ...query] = (request.url ?? '/').split('?')
  const entry: RecordedRequest = {
    id: createId('req'),
    method: request.method ?? 'GET',
    path,
    query: query.length === 0 ? '' : `?${query.join('?')}`,
    headers: request.headers,
    at: Date.now(),
    body: undefined,
    kind: undefined,
    rule: undefined,
    status: 0,
    outcome: 'open',
    failure: undefined,
  }
  record.add(entry)
  let reading: Promise<JsonBody> | undefined
  const readBody: Exchange['readBody'] = () => {
    reading ??= readJsonBody(request, maxBodyBytes).then((body) => {
      record.keepBody(entry, body.value, body.bytes)
      return body
    })
    return reading
  }
  const readRaw: Exchange['readRaw'] = () => readBytes(request, maxBodyBytes)
  return { request, response, record: entry, readBody, readRaw, signal }
}

/** Answers one request; what goes wrong becomes an answer too, or the end of the connection. */
async function answerSafely(
  exchange: Exchange,
  answer: (exchange: Exchange) => Promise<void>,
): Promise<void> {
  const { request, response, signal } = exchange
  try {
    await answer(exchange)
  } catch (error) {
    const isGone = signal.aborted || (!request.complete && !(error instanceof ApiError))
    if (isGone) {
      response.destroy()
      return
    }
    const known = scriptFailure(error)
    if (response.headersSent) {
      exchange.record.failure = known.message
      response.destroy()
      return
    }
    writeError(exchange, known)
  }
}

/** Listens, or says in one line why not. */
function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'the port is in use' : cause.message
      reject(
        new ScriptedClaudeError({
          code: 'cannot_listen',
          message: `Cannot listen on ${host}:${port}: ${reason}.`,
          hint: 'Choose another port, or 0 for any free one.',
          cause,
        }),
      )
    })
    server.listen(port, host, () => resolve())
  })
}

/** The host as it is written in a URL that clients can use. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
