/** Bytes that were written and may have to be sent again: the server has not said that they came. */
export class Unacknowledged {
  #chunks: Uint8Array<ArrayBuffer>[] = []
  #start = 0
  #size = 0

  /** Where they begin, in bytes of the whole stream. */
  get start(): number {
    return this.#start
  }

  get size(): number {
    return this.#size
  }

  get chunks(): readonly Uint8Array<ArrayBuffer>[] {
    return this.#chunks
  }

  add(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
  }

  /** Everything before `bytes` has come. */
  acknowledge(bytes: number): void {
    for (let first = this.#chunks[0]; first !== undefined && bytes > this.#start; first = this.#chunks[0]) {
      const known = Math.min(first.length, bytes - this.#start)
      if (known === first.length) this.#chunks.shift()
      else this.#chunks[0] = first.subarray(known)
      this.#start += known
      this.#size -= known
    }
  }
}
