import type { EventPage, SessionUp } from '@claude-agent/protocol'
import type { Locate } from '../endpoint.ts'
import { call, type JsonRequest } from '../http.ts'
import { isPassing, persist } from '../patience.ts'
import type { Limits } from './limits.ts'
import { formatPlace, type Place } from './place.ts'
import type { SessionLine } from './session-line.ts'

/** Characters of a frame from which on it goes over HTTP, so that nothing waits behind it on the socket. */
const LARGE_CHARS = 256 * 1024

/** Events per page, where they are fetched over HTTP. */
const PAGE = 500

/** What goes over the socket when it is open, and over HTTP when it is not. */
export interface Request extends Pick<JsonRequest, 'method' | 'path' | 'json'> {
  frame: SessionUp
}

export interface RequestsParts {
  locate: Locate
  limits: Limits
  line: SessionLine
}

/** What a session asks of its server, on whichever way is open. */
export class Requests {
  readonly #parts: RequestsParts

  constructor(parts: RequestsParts) {
    this.#parts = parts
  }

  /** One request over HTTP. */
  async call<T>(request: Omit<JsonRequest, 'timeoutMs'>): Promise<T> {
    const { locate, limits } = this.#parts
    return await call<T>(await locate(), { ...request, timeoutMs: limits.requestMs })
  }

  /** The events after a place; tried until they are there. */
  page(path: string, after: Place, signal: AbortSignal): Promise<EventPage> {
    const params = { after: formatPlace(after), limit: String(PAGE) }
    const request = { method: 'GET', path: `${path}/events`, params, signal } as const
    return persist(() => this.call<EventPage>(request), { signal, mayRetry: isPassing })
  }

  /** Delivers once: an error leaves open whether it arrived. */
  deliver<T>({ frame, ...request }: Request, signal: AbortSignal, overHttp = false): Promise<T> {
    const { line } = this.#parts
    const isLarge = (request.json?.length ?? 0) > LARGE_CHARS
    const isOpen = line.line.state.status === 'connected'
    if (isOpen && !isLarge && !overHttp) return line.ask<T>(frame, signal)
    return this.call<T>({ ...request, signal })
  }

  /** Delivers until there is an answer, of what counts once however often it is delivered. */
  persist<T>(request: Request, signal: AbortSignal): Promise<T> {
    const { states } = this.#parts.line.line
    return persist((failures) => this.deliver<T>(request, signal, failures > 0), {
      signal,
      mayRetry: isPassing,
      hurry: (go) =>
        states.add(({ status }) => {
          if (status === 'connected') go()
        }),
    })
  }
}
