import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Seq } from '@claude-agent/protocol'
import type { Entry } from './entry.ts'
import { missingPartials, type MissingPartials } from './missing-partials.ts'
import type { Partials } from './partials.ts'

/** Bytes that may wait in a sink before its reader falls back to the log. */
const MAX_BUFFERED = 1024 * 1024

/** Where a reader's events go, a socket for one. */
export interface Sink {
  /** Takes events, oldest first. Those without a `seq` are live-only. */
  write(entries: readonly Entry[]): void
  /** Bytes that were written and have not left yet. */
  readonly buffered: number
  /** Resolves when what was written has left, or the sink is gone. */
  drained(): Promise<void>
  /** Events after `after` and before `first` are not there any more, or `after` is of another log; told once per hole. */
  gap?(after: Seq, first: Seq): void
  /** Everything that was there at the attach has been written; told once. */
  caughtUp?(seq: Seq): void
  /** The log could not be read, or a method of the sink threw: nothing more is written. */
  failed?(error: unknown): void
}

/** What a reader reads: the events that were handed out, and no others. */
export interface Source {
  readonly firstSeq: Seq
  readonly lastSeq: Seq
  readonly partials: Partials
  read(after: Seq): AsyncIterable<readonly Entry[]>
}

/**
 * One reader of a feed. While its sink keeps up it gets events as they happen; when it does not, events stay in the
 * log and are read from there, at the reader's pace, until it has caught up. So memory per reader is bounded, and
 * nobody waits for a slow one. Each time that it has caught up, it is given the partial messages so far.
 */
export class Reader {
  readonly #source: Source
  readonly #sink: Sink
  readonly #onStop: (reader: Reader) => void
  #cursor: Seq
  #missing: MissingPartials | undefined
  #isLive = false
  #hasCaughtUp = false
  #isStopped = false
  #endWait = (): void => {}

  constructor(source: Source, sink: Sink, after: Seq, onStop: (reader: Reader) => void) {
    this.#source = source
    this.#sink = sink
    this.#cursor = after
    this.#onStop = onStop
  }

  /** The last logged event that was written to the sink. */
  get cursor(): Seq {
    return this.#cursor
  }

  /** Begins to write; at once when nothing has to be read from the log. */
  start(): void {
    this.#try(() => {
      // Of another log, or of the events that a loss of power took: everything that is there follows.
      if (this.#cursor > this.#source.lastSeq) this.#skipTo(this.#source.firstSeq)
      if (this.#isBehind || this.#isFull) void this.#catchUp()
      else this.#goLive()
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#endWait()
    this.#onStop(this)
  }

  /** Takes what was just handed out. A reader that lags has the logged events of it in the log. */
  hear(entries: readonly Entry[]): void {
    if (this.#isStopped || !this.#isLive) return
    this.#try(() => {
      if (this.#isFull) {
        this.#isLive = false
        void this.#catchUp()
        return
      }
      const first = entries.find(({ seq }) => seq !== undefined)?.seq
      const isKnown = first !== undefined && first <= this.#cursor
      const fresh = isKnown ? entries.filter(({ seq = Infinity }) => seq > this.#cursor) : entries
      this.#write(this.#missing === undefined ? fresh : fresh.filter((entry) => this.#missing!.allows(entry)))
    })
  }

  get #isBehind(): boolean {
    return this.#cursor < this.#source.lastSeq
  }

  get #isFull(): boolean {
    return this.#sink.buffered > MAX_BUFFERED
  }

  async #catchUp(): Promise<void> {
    try {
      do {
        if (this.#isBehind) await this.#readLog()
        if (this.#isFull) await this.#drained()
        if (this.#isStopped) return
      } while (this.#isBehind)
      // In the same moment as the last look at the source: what comes after it is heard.
      this.#goLive()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Writes what is in the log, batch by batch, and lets the others have their turn in between. */
  async #readLog(): Promise<void> {
    const last = this.#source.lastSeq
    // What is read while there is no room would have to be kept: as much as the largest event.
    if (this.#isFull) await this.#drained()
    for await (const entries of this.#source.read(this.#cursor)) {
      if (this.#isStopped) return
      const first = entries[0]!.seq!
      if (first > this.#cursor + 1) this.#skipTo(first)
      this.#write(entries)
      await nextTurn()
      if (this.#isFull) await this.#drained()
    }
    // The last ones were dropped before they could be read.
    if (this.#cursor < last && !this.#isStopped) this.#skipTo(Math.max(last + 1, this.#source.firstSeq))
  }

  /** Resolves when the sink has room again, or the reader was stopped. */
  async #drained(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#endWait = resolve
      this.#sink.drained().then(resolve, reject)
    })
  }

  #goLive(): void {
    const replay = this.#source.partials.replay()
    this.#missing = missingPartials(this.#source.partials.givenUp)
    this.#isLive = true
    if (replay.length > 0) this.#sink.write(replay)
    if (this.#hasCaughtUp) return
    this.#hasCaughtUp = true
    this.#sink.caughtUp?.(this.#cursor)
  }

  #skipTo(first: Seq): void {
    const after = this.#cursor
    this.#cursor = first - 1
    this.#sink.gap?.(after, first)
  }

  #write(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    const last = entries.findLast(({ seq }) => seq !== undefined)?.seq
    if (last !== undefined) this.#cursor = last
    this.#sink.write(entries)
  }

  /** A sink that fails is no reason for the others to miss anything. */
  #try(task: () => void): void {
    try {
      task()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return
    this.stop()
    try {
      this.#sink.failed?.(error)
    } catch {
      // It was told.
    }
  }
}
