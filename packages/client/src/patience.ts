import { AgentServerError, ERRORS } from '@claude-agent/protocol'
import { backoff } from './backoff.ts'

export interface Patience {
  /** Ends the attempts and the waits; what comes of it rejects with the signal's reason. */
  signal: AbortSignal
  /** Whether an error is worth another attempt. */
  mayRetry: (error: AgentServerError) => boolean
  /** Milliseconds after which an error is final. @default no limit */
  withinMs?: number
  /** Calls back when it is a good moment to try again; the function that comes back ends it. */
  hurry?: (go: () => void) => () => void
}

/** Tries until it works, until an error that trying again does not mend, or until the signal fires. */
export async function persist<T>(
  attempt: (failures: number) => Promise<T>,
  { signal, mayRetry, withinMs = Infinity, hurry }: Patience,
): Promise<T> {
  const begunAt = Date.now()
  for (let failures = 0; ; failures += 1) {
    signal.throwIfAborted()
    try {
      return await attempt(failures)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof AgentServerError) || !mayRetry(error)) throw error
      const pauseMs = Math.max(backoff(failures), error.retryAfterMs ?? 0)
      if (Date.now() - begunAt + pauseMs > withinMs) throw error
      await pause(pauseMs, signal, hurry)
    }
  }
}

/** Whether the server was not reached, or goes: it did nothing, or what it did may be asked again. */
export function isUnreached({ code }: AgentServerError): boolean {
  return code === 'connect_failed' || code === 'connect_timeout' || code === 'server_stopping'
}

/** Whether an error passes by itself. A fault of the server may not. */
export function isPassing({ code }: AgentServerError): boolean {
  return ERRORS[code].retry && code !== 'internal'
}

/** Waits; rejects with the signal's reason when it fires. */
function pause(waitMs: number, signal: AbortSignal, hurry: Patience['hurry']): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer)
      unhurry?.()
      signal.removeEventListener('abort', end)
      if (signal.aborted) reject(signal.reason as Error)
      else resolve()
    }
    const timer = setTimeout(end, waitMs)
    const unhurry = hurry?.(end)
    signal.addEventListener('abort', end)
  })
}

/** A promise that rejects with the signal's reason when that fires first. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** A controller that also fires when the signal does, until it is released. */
export class LinkedAbort extends AbortController {
  readonly #source: AbortSignal | undefined
  readonly #follow = (): void => this.abort(this.#source?.reason)

  constructor(source: AbortSignal | undefined) {
    super()
    this.#source = source
    if (source?.aborted === true) this.#follow()
    else source?.addEventListener('abort', this.#follow)
  }

  /** Lets go of the signal. */
  release(): void {
    this.#source?.removeEventListener('abort', this.#follow)
  }
}
