import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { HttpsProxyAgent } from 'https-proxy-agent'
import type { Credential } from '../model-access.ts'
import type { Carrier } from './carrier.ts'
import { withoutHopHeaders } from './headers.ts'
import { refuse } from './refusal.ts'

/** The one API that the broker speaks to, with a credential of the server's. */
export class Upstream implements Carrier {
  readonly needsCredential = true
  readonly #url: URL
  readonly #agent: HttpAgent
  readonly #request: typeof httpRequest

  constructor(url: URL, proxy: string | undefined) {
    this.#url = url
    const isTls = url.protocol === 'https:'
    this.#request = isTls ? httpsRequest : httpRequest
    const options = { keepAlive: true }
    if (isTls && proxy !== undefined) this.#agent = new HttpsProxyAgent(proxy, options)
    else this.#agent = isTls ? new HttpsAgent(options) : new HttpAgent(options)
  }

  /** Passes a request on and its answer back, both as they stream. Redirects are not followed. */
  forward(from: IncomingMessage, to: ServerResponse, credential?: Credential): void {
    const headers = withoutHopHeaders(from.headers)
    if (credential !== undefined) headers[credential.header] = credential.value
    const hasBody = from.method === 'POST'
    // Only a body that is framed is passed on: bytes without a frame would be the next request to the upstream.
    if (!hasBody) delete headers['content-length']
    else if (headers['content-length'] === undefined) headers['transfer-encoding'] = 'chunked'
    const base = this.#url.pathname.replace(/\/$/, '')
    const request = this.#request(
      {
        host: this.#url.hostname.replace(/^\[|\]$/g, ''),
        port: this.#url.port || (this.#url.protocol === 'https:' ? 443 : 80),
        path: base + from.url,
        method: from.method,
        headers: { ...headers, host: this.#url.host },
        agent: this.#agent,
      },
      (answer) => relay(answer, to),
    )
    request.on('error', (error) => {
      refuse(to, 502, 'api_error', `${this.#url.origin} could not be reached: ${describe(error)}`)
    })
    // The agent went away: nobody waits for the answer any more.
    to.on('close', () => request.destroy())
    if (hasBody) {
      from.pipe(request)
    } else {
      from.resume()
      request.end()
    }
  }

  close(): void {
    this.#agent.destroy()
  }
}

/**
 * Gives the answer of the upstream to the agent as it comes: what came in one turn of the event loop leaves in one
 * piece at its end, because each piece wakes the agent.
 */
function relay(answer: IncomingMessage, to: ServerResponse): void {
  const status = answer.statusCode ?? 502
  if (status >= 300 && status < 400) {
    answer.resume()
    return refuse(to, 502, 'api_error', `the model's host answered ${status}; redirects are not followed.`)
  }
  gather(to)
  to.writeHead(status, withoutHopHeaders(answer.headers))
  to.flushHeaders()
  answer.on('data', () => gather(to))
  answer.pipe(to)
  // A stream that was cut must look cut to the agent too, not ended.
  answer.on('aborted', () => to.destroy())
}

/** Keeps what is written back until the end of this turn of the event loop. */
function gather({ socket }: ServerResponse): void {
  if (socket === null || socket.writableCorked > 0) return
  socket.cork()
  setImmediate(() => socket.uncork())
}

/** The cause of a failed connection in words; an AggregateError has none of its own. */
function describe(error: Error & { code?: string; errors?: Error[] }): string {
  return (
    error.message || error.errors?.map(({ message }) => message).join('; ') || error.code || 'unknown cause'
  )
}
