import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiError } from '../errors.ts'
import type { JsonBody } from '../request/json-body.ts'
import type { RecordedRequest } from '../request/record.ts'

/** One request and its answer, while it lasts. */
export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  record: RecordedRequest
  /** Reads the JSON body, and records it; it can be asked for again. */
  readBody(): Promise<JsonBody>
  /** Reads the body as it is, instead. */
  readRaw(): Promise<Buffer>
  /** Aborted when the client goes or the server is closed. */
  signal: AbortSignal
}

/** Writes a JSON answer; to a HEAD request without its body. */
export function writeJson(exchange: Exchange, status: number, value: object, headers: object = {}): void {
  const { request, response, record } = exchange
  if (response.destroyed || response.headersSent) return
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'request-id': record.id,
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Writes an error in the API's shape, as an HTTP status. */
export function writeError(exchange: Exchange, error: ApiError): void {
  exchange.record.failure = error.message
  writeJson(exchange, error.status, error.toBody(exchange.record.id), error.headers)
}
