import type { Seq } from '@claude-agent/protocol'
import { numberDrafts, type Draft, type Entry } from './entry.ts'
import { logClosed, type EventLog } from './event-log.ts'
import { createLogId } from './log-identity.ts'

/** Bytes of one batch of a read; a larger event is a batch of its own. */
const BATCH_BYTES = 64 * 1024

/** An event log that ends with the process. */
export class MemoryLog implements EventLog {
  readonly id = createLogId()
  readonly #maxBytes: number
  readonly #clock: () => number
  #entries: Entry[] = []
  #bytes = 0
  #lastSeq: Seq = 0
  #closed = false

  /** `maxBytes`: the oldest events are dropped beyond it, but never the last one. @default Infinity */
  constructor({ maxBytes = Infinity, clock = Date.now }: { maxBytes?: number; clock?: () => number } = {}) {
    this.#maxBytes = maxBytes
    this.#clock = clock
  }

  get firstSeq(): Seq {
    return this.#lastSeq - this.#entries.length + 1
  }

  get lastSeq(): Seq {
    return this.#lastSeq
  }

  async append(drafts: readonly Draft[]): Promise<Entry[]> {
    if (this.#closed) throw logClosed()
    const { bytes, entries } = numberDrafts(drafts, this.#lastSeq + 1, this.#clock())
    for (const entry of entries) this.#entries.push(entry)
    this.#bytes += bytes.length
    this.#lastSeq += entries.length
    this.#dropOldest()
    return entries
  }

  async sync(): Promise<void> {}

  read(after: Seq): AsyncIterable<readonly Entry[]> {
    return this.#readUpTo(after, this.#lastSeq)
  }

  async release(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed = true
  }

  async *#readUpTo(after: Seq, last: Seq): AsyncGenerator<readonly Entry[]> {
    for (let cursor = after; cursor < last;) {
      if (this.#closed) throw logClosed()
      const batch = this.#batch(Math.max(cursor + 1, this.firstSeq), last)
      if (batch.length === 0) return
      cursor = batch.at(-1)!.seq!
      yield batch
    }
  }

  #batch(first: Seq, last: Seq): Entry[] {
    const batch: Entry[] = []
    let bytes = 0
    for (let seq = first; seq <= last; seq += 1) {
      const entry = this.#entries[seq - this.firstSeq]!
      bytes += entry.json.length
      if (batch.length > 0 && bytes > BATCH_BYTES) break
      batch.push(entry)
    }
    return batch
  }

  #dropOldest(): void {
    let dropped = 0
    while (this.#bytes > this.#maxBytes && dropped < this.#entries.length - 1) {
      this.#bytes -= this.#entries[dropped]!.json.length + 1
      dropped += 1
    }
    if (dropped > 0) this.#entries = this.#entries.slice(dropped)
  }
}
