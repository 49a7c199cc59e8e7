import type { EphemeralEvent, LoggedEvent, NewEvent, Seq, SessionEvent } from './event.ts'
import { isLogged } from './event.ts'
import type { EventLog } from './event-log.ts'
import { Reader, type Sink } from './reader.ts'

/** Bytes that may wait to be written before the agent is held back; roughly counted. */
const MAX_PENDING = 8 * 1024 * 1024
/** Pause before a write is tried again after the disk was full. */
const RETRY_MS = 1000

interface Pending {
  event: NewEvent | EphemeralEvent
  logged: boolean
  bytes: number
}

/**
 * The one way from a session to its readers: every event is written to the log first, then handed out, in order.
 * Events that arrive while a write is under way go into the next write together.
 */
export class Feed {
  readonly #log: EventLog
  readonly #readers = new Set<Reader>()
  readonly #room: (() => void)[] = []
  #pending: Pending[] = []
  #pendingBytes = 0
  #writing: Promise<void> | undefined
  #fault: Error | undefined
  #closed = false

  constructor(log: EventLog) {
    this.#log = log
  }

  /** The number of the last event that was handed out. */
  get lastSeq(): Seq {
    return this.#log.lastSeq
  }

  /** Why nothing can be written at the moment, or undefined. */
  get fault(): Error | undefined {
    return this.#fault
  }

  /** Adds an event to the log; readers hear of it once it is written. */
  publish(event: NewEvent): void {
    this.#push({ event, logged: true, bytes: weigh(event) })
  }

  /** Hands out a live-only event, after everything that was published before it. */
  publishEphemeral(event: EphemeralEvent): void {
    if (this.#writing === undefined) this.#deliver(event)
    else this.#push({ event, logged: false, bytes: weigh(event) })
  }

  /** Resolves at once, or when enough of what waits is written: who produces events waits here. */
  async room(): Promise<void> {
    while (this.#pendingBytes > MAX_PENDING && !this.#closed)
      await new Promise<void>((go) => this.#room.push(go))
  }

  /** Resolves when everything published so far is written. */
  async settled(): Promise<void> {
    await this.#writing
  }

  /** A reader that gets everything after `after`, then what comes, each logged event once and in order. */
  attach(sink: Sink, after: Seq): Reader {
    const reader = new Reader(this.#log, sink, after, () => this.#readers.delete(reader))
    this.#readers.add(reader)
    reader.start()
    return reader
  }

  /** Writes what waits, lets the readers go and closes the log. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
    for (const reader of this.#readers) reader.stop()
    await this.#log.close()
  }

  #push(pending: Pending): void {
    this.#pending.push(pending)
    this.#pendingBytes += pending.bytes
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined
    })
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending
      this.#pending = []
      const written = await this.#write(batch)
      if (written === undefined) return
      let next = 0
      for (const { event, logged, bytes } of batch) {
        this.#pendingBytes -= bytes
        this.#deliver(logged ? written[next++]! : (event as EphemeralEvent))
      }
      if (this.#pendingBytes <= MAX_PENDING) for (const go of this.#room.splice(0)) go()
    }
  }

  /** Writes the logged events of a batch; on a full disk again and again, until it works or the feed closes. */
  async #write(batch: Pending[]): Promise<LoggedEvent[] | undefined> {
    const events = batch.filter(({ logged }) => logged).map(({ event }) => event)
    for (;;) {
      try {
        const written = events.length === 0 ? [] : await this.#log.append(events)
        this.#fault = undefined
        return written
      } catch (error) {
        this.#fault = error as Error
        if (this.#closed) return undefined
        await new Promise((go) => setTimeout(go, RETRY_MS))
      }
    }
  }

  #deliver(event: SessionEvent): void {
    for (const reader of this.#readers) {
      if (isLogged(event)) reader.hear(event)
      else reader.hearEphemeral(event)
    }
  }
}

/** A rough size of an event in memory, without serialising it. */
function weigh(event: NewEvent | EphemeralEvent): number {
  if (event.type !== 'sdk_message') return 512
  const message = (event.data as { message?: { content?: unknown } }).message
  const content = message?.content
  if (typeof content === 'string') return 512 + content.length
  if (!Array.isArray(content)) return 1024
  return content.reduce<number>((sum, block) => sum + weighBlock(block), 512)
}

function weighBlock(block: { text?: unknown; content?: unknown }): number {
  if (typeof block.text === 'string') return 64 + block.text.length
  if (typeof block.content === 'string') return 64 + block.content.length
  return 2048
}
