/** Bytes that a controller has not acknowledged, after which the agent is held back. */
const MAX_UNREAD = 1024 * 1024

/** The last bytes of an agent's stdout, until its controller has them: what a line that broke has swallowed comes again. */
export class Outbox {
  #chunks: Buffer[] = []
  /** Where the first chunk begins, in bytes of the whole stream. */
  #start = 0
  #size = 0
  #isAbandoned = false
  #waiting: (() => void)[] = []

  /** All bytes that there were so far. */
  get end(): number {
    return this.#start + this.#size
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  get isFull(): boolean {
    return this.#size > MAX_UNREAD
  }

  append(chunk: Buffer): void {
    if (this.#isAbandoned) {
      this.#start += chunk.length
      return
    }
    this.#chunks.push(chunk)
    this.#size += chunk.length
  }

  /** Lets go of everything before `bytes`: it has come. */
  acknowledge(bytes: number): void {
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      const excess = bytes - this.#start
      if (excess <= 0) break
      if (excess < first.length) {
        this.#chunks[0] = first.subarray(excess)
        this.#start += excess
        this.#size -= excess
        break
      }
      this.#chunks.shift()
      this.#start += first.length
      this.#size -= first.length
    }
    if (!this.isFull) this.#wake()
  }

  /** What begins at `offset`; undefined when that is not here any more, or was never there. */
  from(offset: number): readonly Buffer[] | undefined {
    if (offset < this.#start || offset > this.end) return undefined
    this.acknowledge(offset)
    return this.#chunks
  }

  /** Nobody will read it: what it has and what comes is dropped. */
  abandon(): void {
    this.#isAbandoned = true
    this.#start = this.end
    this.#chunks = []
    this.#size = 0
    this.#wake()
  }

  /** Resolves when there is room again. */
  async room(): Promise<void> {
    while (this.isFull) await new Promise<void>((go) => this.#waiting.push(go))
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go()
  }
}
