import type { Frame } from './frame.ts'

/** Everything that a reader was sent, in order, and a way to wait for more. */
export class Heard {
  readonly frames: Frame[] = []
  /** Called for each frame, in the moment in which it comes. */
  onFrame: (frame: Frame) => void = () => {}
  #place = 0
  #isEnded = false
  #waiting: (() => void)[] = []

  /** Nothing comes any more. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** The next frame that fits, behind the one that this gave last. */
  async next(wanted: (frame: Frame) => boolean, timeoutMs?: number): Promise<Frame> {
    return await this.#wait(wanted, timeoutMs, () => {
      const index = this.frames.findIndex((frame, i) => i >= this.#place && wanted(frame))
      if (index !== -1) this.#place = index + 1
      return this.frames[index]
    })
  }

  /** The first frame of all that fits, whatever was read before. */
  async find(wanted: (frame: Frame) => boolean, timeoutMs?: number): Promise<Frame> {
    return await this.#wait(wanted, timeoutMs, () => this.frames.find(wanted))
  }

  /** Resolves when everything that was there at the connection has come; gives the number that it ends with. */
  async caughtUp(): Promise<number> {
    return (await this.find(({ type }) => type === 'caught_up')).seq!
  }

  /** Takes what came. */
  protected hear(frame: Frame): void {
    this.frames.push(frame)
    this.onFrame(frame)
    this.#wake()
  }

  /** Nothing comes any more. */
  protected end(): void {
    this.#isEnded = true
    this.#wake()
  }

  async #wait(
    wanted: (frame: Frame) => boolean,
    timeoutMs = 45_000,
    look: () => Frame | undefined,
  ): Promise<Frame> {
    const end = Date.now() + timeoutMs
    for (;;) {
      const frame = look()
      if (frame !== undefined) return frame
      const left = end - Date.now()
      if (left <= 0 || this.#isEnded) throw this.#missing(wanted)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go()
  }

  #missing(wanted: (frame: Frame) => boolean): Error {
    const seen = this.frames.slice(-12).map((frame) => JSON.stringify(frame).slice(0, 240))
    const why = this.#isEnded ? 'before the end' : 'in time'
    return new Error(`Nothing came ${why} that fits ${String(wanted)}. The last ones:\n${seen.join('\n')}`)
  }
}
