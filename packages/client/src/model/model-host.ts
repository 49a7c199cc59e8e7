import { AgentServerError, type ModelRequest } from '@claude-agent/protocol'
import { cancelled, type RequestBody } from './request-body.ts'

/** What an agent needs of the Messages API. Nothing else is asked, whatever the server wants. */
const ROUTES: readonly (readonly [method: string, path: RegExp])[] = [
  ['POST', /^\/v1\/messages$/],
  ['POST', /^\/v1\/messages\/count_tokens$/],
  ['GET', /^\/v1\/models(\/(?!\.+$)[\w.:@-]+)?$/],
]

/**
 * The headers that the CLI sends, beside those that this side makes. The server chooses the others: a gateway may take the
 * address, the path or the account of a request from them.
 */
const FORWARDED =
  /^(accept|content-type|user-agent|idempotency-key|x-app|x-client-(app|request-id)|x-anthropic-additional-protection|(anthropic|x-stainless|x-claude-code)-[\w-]+)$/i

/** Headers of an answer that do not fit what `fetch` has made of it. */
const NOT_RETURNED =
  /^(connection|keep-alive|trailer|transfer-encoding|upgrade|content-length|content-encoding|set-cookie2?|proxy-.*)$/i

/** Bodies up to this size are sent in one piece. */
const KEPT_BYTES = 1024 * 1024

export interface ModelHostOptions {
  baseUrl: URL
  /** The header with the key. */
  credential: readonly [name: 'x-api-key' | 'authorization', value: string]
  fetch: typeof fetch
}

/** The one API that this client speaks to, with its own key. */
export class ModelHost {
  readonly #options: ModelHostOptions

  constructor(options: ModelHostOptions) {
    this.#options = options
  }

  /**
   * Makes a request and gives the answer as it begins.
   * @throws AgentServerError `invalid_request` for what is nothing of an agent's, `body_too_large`, `connect_failed`
   */
  async ask(request: ModelRequest, body: RequestBody, signal: AbortSignal): Promise<Response> {
    const url = this.#resolve(request)
    const given = request.headers ?? {}
    const headers = this.#prepare(given)
    const init: RequestInit & { duplex?: 'half' } = {
      method: request.method,
      headers,
      signal,
      redirect: 'manual',
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
    }
    if (request.hasBody) {
      const length = contentLength(given)
      if (isOutsideOfPages && (length === undefined || length > KEPT_BYTES)) {
        if (length !== undefined) headers.set('content-length', String(length))
        init.body = body.stream(length)
        init.duplex = 'half'
      } else {
        init.body = await body.whole(length)
      }
    }
    if (signal.aborted) throw cancelled()
    const { fetch } = this.#options
    let answer: Response
    try {
      answer = await fetch(url, init)
    } catch (cause) {
      throw signal.aborted ? cancelled() : (body.error ?? this.#unreachable(cause))
    }
    if (answer.type !== 'opaqueredirect' && (answer.status < 300 || answer.status >= 400)) return answer
    void answer.body?.cancel().catch(() => {})
    throw new AgentServerError({
      code: 'connect_failed',
      message: `${url.origin} answered with a redirect; redirects are not followed.`,
      hint: 'Is `baseUrl` the address of a Messages API?',
    })
  }

  /** The address of a request, below the one that is configured and nowhere else. */
  #resolve({ method, path }: { method: unknown; path: unknown }): URL {
    const { baseUrl } = this.#options
    const [name = '', ...query] = String(path).split('?')
    const isKnown = ROUTES.some(([known, pattern]) => known === method && pattern.test(name))
    const prefix = baseUrl.pathname.replace(/\/+$/, '')
    const url = new URL(baseUrl.origin)
    if (!isKnown) {
      throw new AgentServerError({
        code: 'invalid_request',
        message: `The server wanted ${brief(method)} ${brief(path)} from the model’s host, which is nothing that an agent needs.`,
        hint: 'Nothing was sent. Is the server the one that you meant?',
      })
    }
    url.pathname = prefix + name
    url.search = query.join('?')
    return url
  }

  #prepare(given: Record<string, string>): Headers {
    const { credential } = this.#options
    const headers = new Headers()
    for (const [name, value] of Object.entries(given)) {
      if (!FORWARDED.test(name)) continue
      try {
        headers.set(name, value)
      } catch {
        // No header; the agent's requests have none such.
      }
    }
    headers.set(...credential)
    if (isOutsideOfPages) headers.set('accept-encoding', 'identity')
    else headers.set('anthropic-dangerous-direct-browser-access', 'true')
    return headers
  }

  #unreachable(cause: unknown): AgentServerError {
    return new AgentServerError({
      code: 'connect_failed',
      message: `${this.#options.baseUrl.origin} could not be reached from the client: ${describe(cause)}.`,
      hint: 'The client that brings the model needs a way to it.',
      cause,
    })
  }
}

/** The headers of an answer that the agent gets. */
export function answerHeaders(answer: Response): Record<string, string> {
  return Object.fromEntries([...answer.headers].filter(([name]) => !NOT_RETURNED.test(name)))
}

/** Whether requests can be sent as streams over HTTP/1.1: pages cannot, and workers at the edge neither. */
const isOutsideOfPages = typeof process === 'object' && typeof process.versions?.node === 'string'

function contentLength(headers: Record<string, string>): number | undefined {
  const value = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-length')?.[1]
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}

/** The innermost cause: fetch wraps it. */
function describe(cause: unknown): string {
  let error = cause
  while (error instanceof Error && error.cause !== undefined) error = error.cause
  if (error instanceof AggregateError && error.errors[0] !== undefined) error = error.errors[0]
  const text = error instanceof Error ? error.message || error.name : String(error)
  return text.replace(/[.?!]$/, '')
}

function brief(value: unknown): string {
  const text = String(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
