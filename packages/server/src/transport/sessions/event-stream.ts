import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { formatCursor, type CaughtUp, type Gap, type Seq } from '@claude-agent/protocol'
import type { Entry } from '../../log/entry.ts'
import type { Sink } from '../../log/reader.ts'
import { toServerError } from '../errors.ts'
import type { EntryBytes } from './entry-bytes.ts'
import { Progress } from './progress.ts'
import type { ReaderTiming } from './timing.ts'

/** Bytes that wait in the stream before more is asked for. */
const HIGH_WATER = 64 * 1024
/** What a client waits before it comes back. */
const RETRY_MS = 1000

export interface EventStreamParts {
  /** Id of the log. */
  log: string
  lines: EntryBytes
  timing: ReaderTiming
  /** The answer that the stream is the body of. */
  response: ServerResponse
  /** The connection under it. */
  raw: Duplex
}

/**
 * The body of an answer with server-sent events, as a place for events. Everything comes as `data`, so that
 * `onmessage` of an `EventSource` gets all of it; `caught_up` has an id too, so that one that has seen nothing else
 * comes back to where it was.
 */
export class EventStream implements Sink {
  readonly body: ReadableStream<Uint8Array>
  readonly #parts: EventStreamParts
  readonly #progress: Progress
  readonly #timer: NodeJS.Timeout
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #onDrained: (() => void)[] = []
  #onEnded: (() => void)[] = []
  #isOpen = true
  #commentedAt = performance.now()

  constructor(parts: EventStreamParts) {
    this.#parts = parts
    this.#progress = new Progress(parts.raw)
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#tellDrained(),
        cancel: () => this.#leave(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER }),
    )
    this.#timer = setInterval(() => this.#look(), parts.timing.lookMs)
    parts.response.once('close', () => this.#leave())
    this.#send(Buffer.from(`retry: ${RETRY_MS}\n\n`))
  }

  get buffered(): number {
    return this.#queued + this.#parts.response.writableLength
  }

  write(entries: readonly Entry[]): void {
    this.#send(this.#parts.lines.of(entries, this.#parts.log))
  }

  async drained(): Promise<void> {
    const { response } = this.#parts
    while (this.#isOpen && (this.#queued > 0 || response.writableNeedDrain)) {
      await new Promise<void>((resolve) => {
        this.#onDrained.push(resolve)
        if (response.writableNeedDrain) response.once('drain', () => this.#tellDrained())
      })
    }
  }

  gap(after: Seq, first: Seq): void {
    this.#send(Buffer.from(`data: ${JSON.stringify({ type: 'gap', after, first } satisfies Gap)}\n\n`))
  }

  caughtUp(seq: Seq): void {
    const frame: CaughtUp = { type: 'caught_up', seq }
    const id = formatCursor({ log: this.#parts.log, seq })
    this.#send(Buffer.from(`id: ${id}\ndata: ${JSON.stringify(frame)}\n\n`))
  }

  failed(error: unknown): void {
    this.end(toServerError(error).code)
  }

  /** Ends the stream, with why as a comment. What is written by now is still read. */
  end(reason: string): void {
    if (!this.#isOpen) return
    this.#comment(reason)
    this.#controller.close()
    this.#finish()
  }

  /** Calls back once when nothing more can be written. */
  onEnded(listener: () => void): void {
    this.#onEnded.push(listener)
  }

  /** Bytes that wait in the stream. */
  get #queued(): number {
    return HIGH_WATER - (this.#controller.desiredSize ?? HIGH_WATER)
  }

  #send(bytes: Uint8Array): void {
    // Queued as it is: many streams share it.
    if (this.#isOpen) this.#controller.enqueue(bytes)
  }

  #comment(text: string): void {
    this.#commentedAt = performance.now()
    this.#send(Buffer.from(`: ${text}\n\n`))
  }

  #look(): void {
    const { heartbeatMs, stallMs } = this.#parts.timing
    if (this.#progress.stalledMs(this.#queued) > stallMs) return void this.#parts.response.destroy()
    const isDue = performance.now() - this.#commentedAt >= heartbeatMs
    if (isDue && this.buffered === 0) this.#comment('')
  }

  #tellDrained(): void {
    for (const resolve of this.#onDrained.splice(0)) resolve()
  }

  #leave(): void {
    clearInterval(this.#timer)
    this.#finish()
  }

  #finish(): void {
    this.#isOpen = false
    this.#tellDrained()
    for (const listener of this.#onEnded.splice(0)) listener()
  }
}
