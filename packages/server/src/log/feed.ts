import { AgentServerError } from '@claude-agent/protocol'
import type { EphemeralEvent, LoggedEvent, NewEvent, Seq, SessionEvent } from './event.ts'
import { isLogged } from './event.ts'
import type { Draft, EventLog } from './event-log.ts'
import { Reader, type Sink } from './reader.ts'

/** Characters that may wait to be written before the agent is held back. */
const MAX_PENDING = 8 * 1024 * 1024
/** Pause before a write is tried again after the disk was full. */
const RETRY_MS = 1000

/** What a live-only event counts for while it waits. */
const EPHEMERAL_SIZE = 1024

type Pending = { draft: Draft; size: number } | { ephemeral: EphemeralEvent; size: number }

/**
 * The one way from a session to its readers: every event is written to the log first, then handed out, in order.
 * Events that arrive while a write is under way go into the next write together.
 */
export class Feed {
  readonly #log: EventLog
  readonly #readers = new Set<Reader>()
  readonly #room: (() => void)[] = []
  #pending: Pending[] = []
  #pendingSize = 0
  #isWriting = false
  #written: Promise<void> = Promise.resolve()
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

  /**
   * Adds an event to the log; readers hear of it once it is written. Gives its size in characters.
   * @throws AgentServerError `invalid_message` when it cannot be written as JSON
   */
  publish(event: NewEvent): number {
    const json = serialise(event)
    this.#push({ draft: { event, json }, size: json.length })
    return json.length
  }

  /** Hands out a live-only event, after everything that was published before it. */
  publishEphemeral(event: EphemeralEvent): void {
    if (!this.#isWriting) this.#deliver(event)
    else this.#push({ ephemeral: event, size: EPHEMERAL_SIZE })
  }

  /** Resolves at once, or when enough of what waits is written: who produces events waits here. */
  async room(): Promise<void> {
    while (this.#pendingSize > MAX_PENDING && !this.#closed)
      await new Promise<void>((go) => this.#room.push(go))
  }

  /** Resolves when everything published so far is written. */
  async settled(): Promise<void> {
    while (this.#isWriting) await this.#written
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
    await this.settled()
    for (const reader of this.#readers) reader.stop()
    await this.#log.close()
  }

  #push(pending: Pending): void {
    this.#pending.push(pending)
    this.#pendingSize += pending.size
    if (this.#isWriting) return
    this.#isWriting = true
    this.#written = this.#drain()
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending
      this.#pending = []
      const written = await this.#write(batch)
      if (written === undefined) break
      let next = 0
      for (const pending of batch) {
        this.#pendingSize -= pending.size
        this.#deliver('draft' in pending ? written[next++]! : pending.ephemeral)
      }
      if (this.#pendingSize <= MAX_PENDING) for (const go of this.#room.splice(0)) go()
    }
    // In the same moment as the last look at what waits: an event behind it begins the next write.
    this.#isWriting = false
  }

  /** Writes the logged events of a batch. While that fails, on a full disk for one, it tries again until the feed closes. */
  async #write(batch: Pending[]): Promise<LoggedEvent[] | undefined> {
    const drafts = batch.flatMap((pending) => ('draft' in pending ? pending.draft : []))
    for (;;) {
      try {
        const written = drafts.length === 0 ? [] : await this.#log.append(drafts)
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
      try {
        if (isLogged(event)) reader.hear(event)
        else reader.hearEphemeral(event)
      } catch {
        // A sink that fails is no reason for the others to miss anything.
        reader.stop()
      }
    }
  }
}

/** An event as JSON. What is nested thousands deep can be parsed, but not written again. */
function serialise(event: NewEvent): string {
  try {
    return JSON.stringify(event)
  } catch (cause) {
    throw new AgentServerError({
      code: 'invalid_message',
      message: `A ${event.type} cannot be written as JSON: ${(cause as Error).message}.`,
      hint: 'Send data that is nested less deep.',
      cause,
    })
  }
}
