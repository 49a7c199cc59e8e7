import type { Seq } from '@claude-agent/protocol'

/** Bytes between two marks. */
const STRIDE = 64 * 1024

/** Where some events of a file begin, about one per stride: what a reader looks up so as not to read from the start. */
export class SparseIndex {
  readonly #seqs: Seq[] = []
  readonly #offsets: number[] = []

  /** Notes where an event begins, unless a mark is near. Events come in order. */
  note(seq: Seq, offset: number): void {
    if (offset - (this.#offsets.at(-1) ?? 0) < STRIDE) return
    this.#seqs.push(seq)
    this.#offsets.push(offset)
  }

  /** The offset of the nearest mark at or before `seq`; 0 when there is none. */
  offsetBefore(seq: Seq): number {
    let low = 0
    let high = this.#seqs.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#seqs[middle]! <= seq) low = middle + 1
      else high = middle
    }
    return this.#offsets[low - 1] ?? 0
  }
}
