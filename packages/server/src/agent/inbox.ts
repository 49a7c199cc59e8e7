/** A queue that is read as an async iterable: the input of a query. */
export class Inbox<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = []
  #wake: (() => void) | undefined
  #closed = false

  push(item: T): void {
    this.#waiting.push(item)
    this.#wake?.()
  }

  close(): void {
    this.#closed = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    while (!this.#closed) {
      const item = this.#waiting.shift()
      if (item !== undefined) yield item
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
