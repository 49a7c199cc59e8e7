import type { IncomingMessage } from 'node:http'
import { PassThrough, type Readable } from 'node:stream'

/** What of a body is kept; of the rest only the size. */
const KEPT_BYTES = 1024 * 1024

/** Where a request went: the control plane, envd, or a port of a sandbox. */
export type Door = 'control' | 'envd' | 'port'

/** One request as it came in. */
export interface RecordedRequest {
  door: Door
  method: string
  /** Path and query. */
  path: string
  headers: Record<string, string>
  sandboxId?: string
  port?: number
  /** The beginning of the body, as far as it has come, byte for byte (latin1). */
  body: string
  bodyBytes: number
  /** The status that it was answered with, once it was. */
  status?: number
}

/** Every request to the double, so that a test can say what was asked for and that no key is where it does not belong. */
export class RequestRecord {
  readonly requests: RecordedRequest[] = []

  /** Notes a request; its body is noted while whoever it is for reads `body`. */
  note(
    request: IncomingMessage,
    where: { door: Door; sandboxId?: string; port?: number },
  ): { entry: RecordedRequest; body: Readable } {
    const entry = this.#add(request, where)
    const body = new PassThrough()
    request.on('data', (chunk: Buffer) => {
      entry.body += chunk.toString('latin1', 0, Math.max(0, KEPT_BYTES - entry.bodyBytes))
      entry.bodyBytes += chunk.length
    })
    request.once('error', () => body.destroy())
    request.once('close', () => {
      if (!request.readableEnded) body.destroy()
    })
    request.pipe(body)
    return { entry, body }
  }

  /** Notes an upgrade; what is said on the socket is not noted. */
  noteUpgrade(request: IncomingMessage, where: { sandboxId: string; port: number }): void {
    this.#add(request, { door: 'port', ...where })
  }

  #add(request: IncomingMessage, where: { door: Door; sandboxId?: string; port?: number }): RecordedRequest {
    const entry: RecordedRequest = {
      ...where,
      method: request.method ?? '',
      path: request.url ?? '',
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
      ),
      body: '',
      bodyBytes: 0,
    }
    this.requests.push(entry)
    return entry
  }

  /** The requests of a method to a path, e.g. `POST`, `/v2/sandboxes` or a pattern. */
  find(method: string, path: string | RegExp): RecordedRequest[] {
    return this.requests.filter((request) => {
      const bare = request.path.split('?')[0]!
      return request.method === method && (typeof path === 'string' ? bare === path : path.test(bare))
    })
  }

  /** The requests that hold a text anywhere: path, headers or body. */
  holding(text: string): RecordedRequest[] {
    return this.requests.filter(
      ({ path, headers, body }) =>
        path.includes(text) ||
        body.includes(text) ||
        Object.values(headers).some((value) => value.includes(text)),
    )
  }
}
