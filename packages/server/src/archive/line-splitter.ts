const NEWLINE = 0x0a

/** Makes whole lines of pieces that come one after another. */
export class LineSplitter {
  readonly #maxBytes: number
  readonly #tooLong: () => Error
  #held: Buffer[] = []
  #size = 0

  /** @param tooLong the error for a line of more than `maxBytes` */
  constructor(maxBytes: number, tooLong: () => Error) {
    this.#maxBytes = maxBytes
    this.#tooLong = tooLong
  }

  /** There is the beginning of a line that did not end. */
  get isWithin(): boolean {
    return this.#size > 0
  }

  /** The lines that end in this piece, without their newlines. */
  *push(bytes: Buffer): Generator<Buffer> {
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const last = bytes.subarray(start, end)
      start = end + 1
      this.#hold(last)
      const line = this.#held.length === 1 ? last : Buffer.concat(this.#held)
      this.clear()
      yield line
    }
    if (start < bytes.length) this.#hold(bytes.subarray(start))
  }

  /** Forgets the beginning that is held. */
  clear(): void {
    this.#held = []
    this.#size = 0
  }

  #hold(bytes: Buffer): void {
    this.#size += bytes.length
    if (this.#size > this.#maxBytes) throw this.#tooLong()
    this.#held.push(bytes)
  }
}
