import type { EphemeralEvent, LoggedEvent, Seq, SessionEvent } from './event.ts'
import type { EventLog } from './event-log.ts'

/** Bytes that may wait in a sink before its reader falls back to the log. */
const MAX_BUFFERED = 1024 * 1024

/** Where a reader's events go, a socket for one. */
export interface Sink {
  write(event: SessionEvent): void
  /** Bytes that were written and have not left yet. */
  readonly buffered: number
  /** Resolves when what was written has left, or the sink is gone. */
  drained(): Promise<void>
}

/**
 * One reader of a feed. While its sink keeps up it gets events as they happen; when it does not, events stay in the
 * log and are read from there, at the reader's pace, until it has caught up. So memory per reader is bounded, and
 * nobody waits for a slow one. Partial messages are skipped while it lags, up to the next whole one.
 */
export class Reader {
  readonly #log: EventLog
  readonly #sink: Sink
  readonly #onStop: () => void
  #cursor: Seq
  #live = false
  #skipPartials = false
  #stopped = false

  constructor(log: EventLog, sink: Sink, after: Seq, onStop: () => void) {
    this.#log = log
    this.#sink = sink
    this.#cursor = after
    this.#onStop = onStop
  }

  /** The last logged event that was written to the sink. */
  get cursor(): Seq {
    return this.#cursor
  }

  start(): void {
    if (this.#cursor >= this.#log.lastSeq) this.#live = true
    else void this.#catchUp()
  }

  stop(): void {
    this.#stopped = true
    this.#onStop()
  }

  /** A logged event that was just written. */
  hear(event: LoggedEvent): void {
    // An event that was read from the log while it was on its way here is known already.
    if (this.#stopped || !this.#live || event.seq <= this.#cursor) return
    if (this.#sink.buffered > MAX_BUFFERED) {
      this.#live = false
      void this.#catchUp()
      return
    }
    this.#cursor = event.seq
    this.#skipPartials = false
    this.#sink.write(event)
  }

  /** A live-only event; a reader that lags does without it. */
  hearEphemeral(event: EphemeralEvent): void {
    if (this.#stopped) return
    if (!this.#live || this.#skipPartials || this.#sink.buffered > MAX_BUFFERED) this.#skipPartials = true
    else this.#sink.write(event)
  }

  async #catchUp(): Promise<void> {
    try {
      while (!this.#stopped && this.#cursor < this.#log.lastSeq) {
        for await (const event of this.#log.read(this.#cursor)) {
          if (this.#sink.buffered > MAX_BUFFERED) await this.#sink.drained()
          if (this.#stopped) return
          this.#cursor = event.seq
          this.#sink.write(event)
        }
      }
      this.#live = true
    } catch {
      // The log was closed under the reader: the server stops, and the sockets with it.
      this.stop()
    }
  }
}
