/** The pause between two parts of a message below which the second waits for more. */
const BURST_MS = 0.5
/** How long it waits; of 1, 3 and 8 ms, 3 gave the most deltas per second (`npm run bench -- --only burst`). */
const WAIT_MS = 3

/** How long parts of a message wait for each other, to be handed out together: only when they come in a burst. */
export class Gathering {
  #handedOutAt = -Infinity
  #end = (): void => {}

  /** Resolves when what waits should be handed out. */
  async more(): Promise<void> {
    if (performance.now() - this.#handedOutAt > BURST_MS) return
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
  handedOut(): void {
    this.#handedOutAt = performance.now()
  }
}
