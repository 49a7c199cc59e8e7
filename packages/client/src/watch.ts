import type { WatchEvent } from '@claude-agent/protocol'
import { type Channel, openChannel } from './channel.ts'
import type { Endpoint } from './endpoint.ts'
import { stoppedEarly, tooSlow } from './failure.ts'
import { notify } from './listeners.ts'
import { orAborted } from './patience.ts'
import type { FilesystemEvent, WatchHandle, WatchOptions } from './types.ts'

export interface WatchRequest extends WatchOptions {
  path: string
  attemptMs: number
  silenceMs: number
  onEvent: (event: FilesystemEvent) => void
}

/**
 * The watches of a client. A watch that is lost stays lost, since what happened meanwhile cannot be told: `onExit` gets
 * the error, and the application looks at the files and watches anew.
 */
export class Watches {
  readonly #attempts = new Set<AbortController>()
  readonly #handles = new Set<WatchHandle>()

  /** Watches a directory; resolves when the server tells every change. */
  async open(located: Endpoint | Promise<Endpoint>, request: WatchRequest): Promise<WatchHandle> {
    const { path, recursive, onEvent, onExit, attemptMs, silenceMs } = request
    const attempt = new AbortController()
    let deadline: ReturnType<typeof setTimeout> | undefined
    this.#attempts.add(attempt)
    let over = false
    let channel: Channel | undefined
    const exit = (error?: Error): void => {
      if (over) return
      over = true
      this.#handles.delete(handle)
      if (onExit !== undefined) notify('watch', onExit, error)
    }
    const handle: WatchHandle = {
      async stop() {
        exit()
        await channel?.close()
      },
    }
    try {
      const endpoint = located instanceof Promise ? await orAborted(located, attempt.signal) : located
      deadline = setTimeout(() => attempt.abort(tooSlow(endpoint, attemptMs)), attemptMs)
      channel = await openChannel({
        endpoint,
        path: '/files/watch',
        params: { path, recursive: recursive === true ? 'true' : undefined },
        accept: 'ready',
        silenceMs,
        signal: attempt.signal,
        onFrame(frame) {
          if (!over && isWatchEvent(frame)) notify('watch', onEvent, pickEvent(frame))
        },
        onEnd: exit,
      })
    } finally {
      clearTimeout(deadline)
      this.#attempts.delete(attempt)
    }
    if (!over) this.#handles.add(handle)
    return handle
  }

  /** Ends those that run and those that are being opened. */
  async stop(): Promise<void> {
    for (const attempt of this.#attempts) attempt.abort(stoppedEarly())
    await Promise.all([...this.#handles].map((handle) => handle.stop()))
  }
}

/** Whether a frame tells of a change; the others are `ready` and `error`. */
function isWatchEvent(frame: object): frame is WatchEvent {
  return 'name' in frame && 'path' in frame
}

/** What the application sees of a change. */
function pickEvent({ name, path, type }: WatchEvent): FilesystemEvent {
  return { name, path, type }
}
