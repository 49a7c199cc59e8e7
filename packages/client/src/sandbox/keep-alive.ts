/** What `setTimeout` can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Does something at a third of a time again and again, so that one that fails leaves two. Keeps no process alive. */
export class KeepAlive {
  readonly #timeoutMs: number
  readonly #extend: () => Promise<void>
  #timer: ReturnType<typeof setInterval> | undefined
  #isExtending = false

  /** @param extend never rejects. */
  constructor(timeoutMs: number, extend: () => Promise<void>) {
    this.#timeoutMs = timeoutMs
    this.#extend = extend
  }

  /** Begins; the first time is a third from now. */
  start(): void {
    this.stop()
    const everyMs = Math.min(this.#timeoutMs / 3, LONGEST_TIMER_MS)
    const timer = setInterval(() => void this.#tick(), everyMs)
    this.#timer = timer
    // A number in a browser, which has nothing to keep alive.
    if (typeof timer === 'object') timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #tick(): Promise<void> {
    if (this.#isExtending) return
    this.#isExtending = true
    await this.#extend()
    this.#isExtending = false
  }
}
