import type { IncomingMessage } from 'node:http'
import { ApiError, invalidRequest } from '../errors.ts'

/** A request body: its JSON, and how long it was. */
export interface JsonBody {
  value: unknown
  bytes: number
}

/** Reads a JSON body of at most `maxBytes`. */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<JsonBody> {
  const body = await readBytes(request, maxBytes)
  try {
    return { value: JSON.parse(body.toString('utf8')) as unknown, bytes: body.length }
  } catch {
    throw invalidRequest('The request body is not valid JSON')
  }
}

/** Reads a body of at most `maxBytes`; a longer one is read to its end but not kept, then refused with 413. */
export async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
    else chunks.length = 0
  }
  if (bytes > maxBytes) throw new ApiError({ status: 413 })
  return Buffer.concat(chunks)
}
