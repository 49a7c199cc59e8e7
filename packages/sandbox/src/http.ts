import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { SandboxEndpoint } from './provider.ts'

/** Answers beyond this are not read on: nothing that is asked for here is long. */
const MAX_CHARS = 1024 * 1024

export interface HttpRequest {
  method?: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  /** Sent as JSON. */
  json?: unknown
  /** Milliseconds until the whole answer has to be there. */
  timeoutMs: number
  signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  status: number
  /** The body as JSON; empty when it is none. */
  body: Record<string, unknown>
}

/**
 * One request on a connection of its own. Not by `fetch`: on Node 20 it can hang for ever at a port that was published
 * this moment, and it keeps connections that a pause of the sandbox breaks.
 * @throws Error whatever keeps an answer from coming, the abort's reason included
 */
export async function ask(endpoint: SandboxEndpoint, asked: HttpRequest): Promise<HttpAnswer> {
  const { method = 'GET', path, headers = {}, json, timeoutMs, signal } = asked
  signal?.throwIfAborted()
  const url = new URL(path, endpoint.url)
  const body = json === undefined ? undefined : JSON.stringify(json)
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return await new Promise((resolve, reject) => {
    const sent = request(url, {
      method,
      agent: false,
      headers: {
        ...endpoint.headers,
        ...headers,
        connection: 'close',
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    })
    const abort = (): unknown => sent.destroy(signal?.reason as Error)
    const timer = setTimeout(
      () => sent.destroy(new Error(`No answer of ${url.origin} within ${timeoutMs} ms.`)),
      timeoutMs,
    )
    signal?.addEventListener('abort', abort, { once: true })
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
    const fail = (error: Error): void => {
      settle()
      reject(error)
    }
    sent.once('error', fail)
    sent.once('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part: string) => {
        if (text.length < MAX_CHARS) text += part
      })
      answer.once('error', fail)
      answer.once('close', () => {
        if (!answer.complete) return fail(new Error(`The answer of ${url.origin} broke off.`))
        settle()
        resolve({ status: answer.statusCode ?? 0, body: parse(text) })
      })
    })
    sent.end(body)
  })
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
