import { AgentServerError, type ErrorFrame, parseErrorBody, type Reply } from '@claude-agent/protocol'

interface Waiting {
  resolve(result: unknown): void
  reject(error: AgentServerError): void
}

/** Frames that wait for their reply. */
export class Calls {
  readonly #waiting = new Map<string, Waiting>()
  #count = 0

  /** Sends a frame with an `id`, and waits for what answers it. */
  async ask<T>(
    send: (text: string) => boolean,
    frame: object,
    signal: AbortSignal,
    tooSlow: { afterMs: number; error: () => AgentServerError },
  ): Promise<T> {
    const id = String((this.#count += 1))
    let timer: ReturnType<typeof setTimeout> | undefined
    let onAbort = (): void => {}
    try {
      return await new Promise<T>((resolve, reject) => {
        onAbort = () => reject(signal.reason as Error)
        signal.throwIfAborted()
        signal.addEventListener('abort', onAbort)
        timer = setTimeout(() => reject(tooSlow.error()), tooSlow.afterMs)
        this.#waiting.set(id, { resolve: (result) => resolve(result as T), reject })
        if (!send(JSON.stringify({ ...frame, id }))) reject(lost())
      })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      this.#waiting.delete(id)
    }
  }

  /** Hands an answer to whoever waits for it. */
  settle(frame: Reply | ErrorFrame): void {
    const waiting = this.#waiting.get(frame.id ?? '')
    if (frame.type === 'reply') return waiting?.resolve(frame.result)
    waiting?.reject(parseErrorBody(frame) ?? new AgentServerError({ code: 'internal', message: frame.error }))
  }

  /** The line is down: no answer comes any more. */
  fail(): void {
    for (const waiting of this.#waiting.values()) waiting.reject(lost())
  }
}

/** The error for a frame of which nobody knows whether it arrived. */
function lost(): AgentServerError {
  return new AgentServerError({
    code: 'connect_failed',
    message: 'The connection was lost before the server had answered.',
  })
}
