import type { Entry } from '../../log/entry.ts'

/** How an event is written for one kind of reader, in parts. `log` is the id of the list that it is of. */
type Encode = (entry: Entry, log: string) => readonly Buffer[]

/**
 * Events as bytes for one kind of reader: made once, and shared by all readers that are handed the same ones. What was
 * made is kept for as long as somebody holds the events.
 */
export class EntryBytes {
  readonly #encode: Encode
  readonly #single = new WeakMap<Entry, Buffer>()
  readonly #batches = new WeakMap<readonly Entry[], Buffer>()

  constructor(encode: Encode) {
    this.#encode = encode
  }

  /** The bytes of all of them, in one piece. Nobody may change them. */
  of(entries: readonly Entry[], log: string): Buffer {
    const [only] = entries
    // The same event may reach readers in different lists, a batch does not.
    if (entries.length === 1 && only !== undefined) {
      return this.#single.get(only) ?? keep(this.#single, only, Buffer.concat(this.#encode(only, log)))
    }
    const known = this.#batches.get(entries)
    if (known !== undefined) return known
    const parts = entries.flatMap((entry) => this.#encode(entry, log))
    return keep(this.#batches, entries, Buffer.concat(parts))
  }
}

function keep<Key extends object>(cache: WeakMap<Key, Buffer>, key: Key, bytes: Buffer): Buffer {
  cache.set(key, bytes)
  return bytes
}
