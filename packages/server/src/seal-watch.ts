import { watch, type FSWatcher } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** The folder may be on a mount that tells nothing of what others write, or not exist yet. */
const POLL_MS = 500

/** Waits for something to happen in the folder of a file, by the system's word or, slower, by looking again. */
export class SealWatch {
  readonly #folder: string
  #watcher: FSWatcher | undefined
  #isClosed = false
  /** Something happened that nobody has waited for. */
  #isPending = false
  #wake: (() => void) | undefined

  constructor(path: string) {
    this.#folder = dirname(resolve(path))
    this.#watch()
  }

  /** Resolves when something happened since the last time, after `waitMs` at the latest, or when it is closed. */
  async next(waitMs = POLL_MS): Promise<void> {
    this.#watch()
    if (!this.#isPending && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#wake = undefined
    this.#isPending = false
  }

  close(): void {
    this.#isClosed = true
    this.#watcher?.close()
    this.#notify()
  }

  #watch(): void {
    if (this.#watcher !== undefined || this.#isClosed) return
    try {
      const watcher = watch(this.#folder, { persistent: false }, () => this.#notify())
      const drop = (): void => {
        watcher.close()
        if (this.#watcher === watcher) this.#watcher = undefined
      }
      watcher.once('error', drop)
      this.#watcher = watcher
    } catch {
      // Not there yet: the next look tries again.
    }
  }

  #notify(): void {
    this.#isPending = true
    this.#wake?.()
  }
}
