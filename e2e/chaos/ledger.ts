import { createHash } from 'node:crypto'
import type { LoggedEvent, SessionDown } from '@claude-agent/protocol'
import type { Journal } from './journal.ts'

/** A short mark of an event, the same for its line in the log and for what a reader got. */
export function markOf(event: unknown): string {
  return createHash('sha1').update(JSON.stringify(event)).digest('base64').slice(0, 12)
}

/** What one reader has of a session: each durable event once and in order, or that is a violation. */
export class Ledger {
  readonly name: string
  /** The marks of the events; that with the number 1 comes first. */
  readonly marks: string[] = []
  readonly #journal: Journal
  readonly #onEvent: (event: LoggedEvent) => void
  #log: string | undefined

  constructor(name: string, journal: Journal, onEvent: (event: LoggedEvent) => void) {
    this.name = name
    this.#journal = journal
    this.#onEvent = onEvent
  }

  get lastSeq(): number {
    return this.marks.length
  }

  /** Where to go on; undefined before anything is known. */
  get cursor(): string | undefined {
    return this.#log === undefined ? undefined : `${this.#log}:${this.lastSeq}`
  }

  /** The id of the log, as it was told. */
  at(log: string): void {
    if (this.#log !== undefined && this.#log !== log)
      this.#journal.violate('the log has another id', { reader: this.name, before: this.#log, now: log })
    this.#log = log
  }

  /** A frame or event as it came. */
  hear(frame: SessionDown): void {
    if (frame.type === 'gap')
      this.#journal.violate('a reader was told of a gap', { reader: this.name, frame })
    if (!('seq' in frame) || !('at' in frame)) return
    if (frame.seq !== this.lastSeq + 1) {
      const detail = { reader: this.name, expected: this.lastSeq + 1, event: frame }
      return this.#journal.violate('a reader got an event out of its order', detail)
    }
    this.marks.push(markOf(frame))
    this.#onEvent(frame)
  }
}
