import { setTimeout as sleep } from 'node:timers/promises'

/** Waits `ms` milliseconds; rejects with an AbortError when `signal` is aborted. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal })
}

/** Due times at a fixed rate, counted from the start, so that a late one does not delay those after it. */
export class Schedule {
  readonly #intervalMs: number
  readonly #startedAt = performance.now()
  #next = 0

  constructor(perSecond: number) {
    this.#intervalMs = 1000 / perSecond
  }

  /** Takes the next due time; says how many milliseconds are left until then, 0 if it has passed. */
  take(): number {
    const dueAt = this.#startedAt + this.#next * this.#intervalMs
    this.#next += 1
    return Math.max(0, dueAt - performance.now())
  }
}
