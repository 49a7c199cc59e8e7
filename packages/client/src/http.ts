import type { Endpoint, Params } from './endpoint.ts'
import { answerFailure, notAServer, parseJson, tooSlow, unreachable } from './failure.ts'
import { LinkedAbort } from './patience.ts'

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  params?: Params
  headers?: Record<string, string>
  body?: BodyInit
  signal?: AbortSignal | undefined
}

/**
 * One HTTP request with the token. Redirects are not followed: they would carry keys to another host.
 * @throws AgentServerError when the answer is not a success; the signal's reason when it fires.
 */
export async function send(endpoint: Endpoint, request: HttpRequest): Promise<Response> {
  const { method, path, params, body, signal } = request
  const headers = new Headers({ ...endpoint.headers, ...request.headers })
  if (endpoint.token !== undefined) headers.set('authorization', `Bearer ${endpoint.token}`)
  const init: RequestInit & { duplex?: 'half' } = { method, headers, redirect: 'error' }
  if (signal !== undefined) init.signal = signal
  if (body !== undefined) init.body = body
  if (body instanceof ReadableStream) init.duplex = 'half'
  let response: Response
  try {
    response = await fetch(endpoint.http(path, params), init)
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    throw unreachable(endpoint, cause)
  }
  if (response.ok) return response
  const text = await response.text().catch(() => '')
  const contentType = response.headers.get('content-type') ?? ''
  throw answerFailure(endpoint, `${method} ${path}`, { status: response.status, contentType, text })
}

/** The slowest line on which a body still gets through, in characters per millisecond. */
const SLOWEST_UPLOAD = 50

export interface JsonRequest extends Pick<HttpRequest, 'method' | 'path' | 'params' | 'signal'> {
  /** The body as JSON. */
  json?: string | undefined
  /** How long the answer may take, in milliseconds; a large body gets more. */
  timeoutMs: number
}

/**
 * One request whose answer is a JSON object, or nothing (204).
 * @throws AgentServerError `connect_timeout` when it takes too long, and as `send`; the signal's reason when it fires.
 */
export async function call<T>(endpoint: Endpoint, request: JsonRequest): Promise<T> {
  const { json, timeoutMs, method, path } = request
  const abort = new LinkedAbort(request.signal)
  const withinMs = timeoutMs + Math.ceil((json?.length ?? 0) / SLOWEST_UPLOAD)
  const timer = setTimeout(() => abort.abort(tooSlow(endpoint, withinMs, 'requestTimeoutMs')), withinMs)
  try {
    const response = await send(endpoint, {
      method,
      path,
      params: request.params ?? {},
      signal: abort.signal,
      ...(json === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: json }),
    })
    const text = await readText(endpoint, response, abort.signal)
    if (response.status === 204) return undefined as T
    const value = parseJson(text)
    if (typeof value === 'object' && value !== null) return value as T
    throw notAServer(endpoint, `answered ${method} ${path} with no JSON object`)
  } finally {
    clearTimeout(timer)
    abort.release()
  }
}

async function readText(endpoint: Endpoint, response: Response, signal: AbortSignal): Promise<string> {
  try {
    return await response.text()
  } catch (cause) {
    signal.throwIfAborted()
    throw unreachable(endpoint, cause)
  }
}
