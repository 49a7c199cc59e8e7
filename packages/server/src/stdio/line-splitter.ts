const NEWLINE = 0x0a

/** Parts a stream of bytes into lines, each with its line break. What of a line has come is kept up to a limit. */
export class LineSplitter {
  readonly #maxBytes: number
  #parts: Buffer[] = []
  #size = 0
  #isSkipping = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The lines that end in these bytes; `undefined` stands for one that is longer than the limit, which is left out. */
  *push(bytes: Buffer): Generator<Buffer | undefined> {
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const last = bytes.subarray(start, end + 1)
      start = end + 1
      const isTooLong = !this.#isSkipping && this.#size + last.length > this.#maxBytes + 1
      const line = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last])
      const wasSkipping = this.#isSkipping
      this.#parts = []
      this.#size = 0
      this.#isSkipping = false
      if (isTooLong) yield undefined
      else if (!wasSkipping) yield line
    }
    if (start === bytes.length || this.#isSkipping) return
    const rest = bytes.subarray(start)
    this.#size += rest.length
    if (this.#size <= this.#maxBytes) {
      this.#parts.push(rest)
      return
    }
    this.#parts = []
    this.#isSkipping = true
    yield undefined
  }
}
