import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { ControlAnswer } from './template-store.ts'

/** Ends a request with an answer of E2B's own shape: `{code, message}`. */
export class Refusal extends Error {
  readonly status: number
  readonly headers: Record<string, string>

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** Sends an answer. One without a body says so by its length: the SDK throws where it does not. */
export function send(response: ServerResponse, { status, headers = {}, body }: ControlAnswer): void {
  if (response.headersSent || response.destroyed) return
  if (body === undefined) {
    response.writeHead(status, { ...headers, 'content-length': '0' }).end()
    return
  }
  const isText = typeof body === 'string'
  const bytes = isText ? body : JSON.stringify(body)
  response
    .writeHead(status, {
      'content-type': isText ? 'text/plain' : 'application/json',
      'content-length': String(Buffer.byteLength(bytes)),
      ...headers,
    })
    .end(bytes)
}

/** Answers with what went wrong. */
export function sendFailure(response: ServerResponse, error: unknown): void {
  const status = error instanceof Refusal ? error.status : 500
  const headers = error instanceof Refusal ? error.headers : {}
  const message = error instanceof Error ? error.message : String(error)
  send(response, { status, headers, body: { code: status, message } })
}

export async function readAll(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export async function readJson<T>(body: Readable): Promise<T> {
  const text = (await readAll(body)).toString('utf8')
  try {
    return JSON.parse(text === '' ? '{}' : text) as T
  } catch {
    throw new Refusal(400, 'The body is no JSON.')
  }
}

/** A header that is there once at most. */
export function header(request: IncomingMessage, name: string): string | undefined {
  return [request.headers[name]].flat()[0]
}
