/** The pause between two parts of a message below which the second waits for more. */
const BURST_MS = 0.5
/** How long it waits; of 1, 3 and 8 ms, 3 gave the most deltas per second (`npm run bench -- --only burst`). */
const WAIT_MS = 3
/** So many in a row are a burst; fewer come together by chance, at the pace of a model. */
const BURST = 16

/** How long parts of a message wait for each other, to be handed out together: only when they come in a burst. */
export class Gathering {
  #handedOutAt = -Infinity
  /** How many came one right after the other. */
  #row = 0
  #end = (): void => {}

  /** Parts come one right after the other, and have for a while. */
  get isBurst(): boolean {
    if (performance.now() - this.#handedOutAt > BURST_MS) this.#row = 0
    return this.#row >= BURST
  }

  /** Resolves when what waits should be handed out. */
  async more(): Promise<void> {
    if (!this.isBurst) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, WAIT_MS)
      this.#end = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Something came that does not wait. */
  end(): void {
    this.#end()
  }

  /** All that waited was handed out. */
  handedOut(count: number): void {
    this.#row += count
    this.#handedOutAt = performance.now()
  }
}
