import type { Endpoint, Params } from './endpoint.ts'
import { answerFailure, unreachable } from './failure.ts'

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
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
  const headers = new Headers(request.headers)
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
