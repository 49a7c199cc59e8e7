/** Longest wait where no frame is painted, as in a hidden tab. */
const HIDDEN_MS = 250

/** Collects items and hands them on together, once per painted frame. */
export class Batch<T> {
  readonly #flush: (items: T[]) => void
  #items: T[] = []
  #frame = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(flush: (items: T[]) => void) {
    this.#flush = flush
  }

  add(item: T): void {
    this.#items.push(item)
    if (this.#timer !== undefined) return
    this.#frame = requestAnimationFrame(() => this.flush())
    this.#timer = setTimeout(() => this.flush(), HIDDEN_MS)
  }

  /** Hands on what is there, now. */
  flush(): void {
    cancelAnimationFrame(this.#frame)
    clearTimeout(this.#timer)
    this.#timer = undefined
    const items = this.#items
    this.#items = []
    if (items.length > 0) this.#flush(items)
  }
}
