/** How long a tick is at most. What a freeze swallows beyond one tick does not count. */
const TICK_MS = 1000

/**
 * The time that a server has left. It is counted in ticks of its own process: while that is frozen, with its container or
 * machine, no tick comes, and one that comes late counts no more than one in time. It has no end until it is extended.
 */
export class Lease {
  readonly #onEnd: () => void
  #leftMs = 0
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  /** @param onEnd called once, when the time is over */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** Sets the end to so many milliseconds from now, sooner or later than before. One that is over stays so. */
  extend(timeoutMs: number): void {
    if (this.#isOver) return
    this.#leftMs = timeoutMs
    this.#tick()
  }

  /** Counts no longer. */
  stop(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  #tick(): void {
    clearTimeout(this.#timer)
    if (this.#leftMs <= 0) {
      this.stop()
      this.#onEnd()
      return
    }
    const tickMs = Math.min(TICK_MS, this.#leftMs)
    this.#timer = setTimeout(() => {
      this.#leftMs -= tickMs
      this.#tick()
    }, tickMs)
    this.#timer.unref()
  }
}
