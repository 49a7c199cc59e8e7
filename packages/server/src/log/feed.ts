import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EphemeralEvent, LoggedEvent, NewEvent, Seq } from '@claude-agent/protocol'
import type { Entry } from './entry.ts'
import { logClosed, type EventLog } from './event-log.ts'
import { Gathering } from './gathering.ts'
import { Partials } from './partials.ts'
import { isOffer, pendingDraft, pendingLive, PendingQueue, type Pending } from './pending.ts'
import { Reader, type Sink, type Source } from './reader.ts'
import { Retry } from './retry.ts'

/** Characters that may wait to be written before the agent is held back. */
const MAX_PENDING = 8 * 1024 * 1024
/** Characters that are written, and handed to readers, at once. */
const MAX_BATCH = 128 * 1024

/**
 * When events are made to outlast a loss of power. `acknowledged`: when somebody is told so, by `durable()`. `always`:
 * before any reader gets them. `never`: when the system sees fit.
 */
export type Durability = 'acknowledged' | 'always' | 'never'

export interface FeedOptions {
  /** Called for each logged event, in order, once it is written and before any reader gets it. Must not throw. */
  onWritten?: (event: LoggedEvent) => void
  /** @default 'acknowledged' */
  durability?: Durability
}

/**
 * The one way from a session to its readers: every event is written to the log first, then handed out, in order.
 * An event that comes alone goes at once; those that come while a write is under way, and in the same turn of the event
 * loop, are written and handed out together.
 */
export class Feed implements Source {
  /** The messages that are being streamed. */
  readonly partials = new Partials()
  readonly #log: EventLog
  readonly #onWritten: (event: LoggedEvent) => void
  readonly #durability: Durability
  readonly #readers = new Set<Reader>()
  readonly #room: (() => void)[] = []
  readonly #queue = new PendingQueue()
  readonly #retry = new Retry()
  #lastSeq: Seq
  #draining: Promise<void> | undefined
  /** Something was handed out in this turn of the event loop, which ends with this. */
  #turn: Promise<void> | undefined
  readonly #gathering = new Gathering()
  #isClosed = false

  constructor(log: EventLog, options: FeedOptions = {}) {
    this.#log = log
    this.#lastSeq = log.lastSeq
    this.#onWritten = options.onWritten ?? (() => {})
    this.#durability = options.durability ?? 'acknowledged'
  }

  /** The id of the list of events. */
  get id(): string {
    return this.#log.id
  }

  /** The number of the oldest event that is still there; `lastSeq + 1` when none is. */
  get firstSeq(): Seq {
    return this.#log.firstSeq
  }

  /** The number of the last event that was handed out. */
  get lastSeq(): Seq {
    return this.#lastSeq
  }

  /** Why nothing can be written at the moment, or undefined. */
  get fault(): Error | undefined {
    return this.#retry.fault
  }

  /**
   * Adds an event to the log; it is kept until there is room for it, and readers hear of it once it is written. Gives
   * its size in characters. After `close()` nothing happens.
   * @throws AgentServerError `invalid_message` when it cannot be written as JSON
   */
  publish(event: NewEvent): number {
    if (this.#isClosed) return 0
    const pending = pendingDraft(event)
    this.#push(pending)
    return pending.size
  }

  /**
   * Adds an event to the log for somebody who waits to be answered: resolves once it is written. When there is no room
   * it is refused, and not kept.
   * @throws AgentServerError `storage_full`, `invalid_message`, `server_stopping`
   */
  async offer(event: NewEvent): Promise<LoggedEvent> {
    if (this.#isClosed) throw logClosed()
    if (this.fault !== undefined) throw this.fault
    return await new Promise((resolve, reject) => this.#push(pendingDraft(event, { resolve, reject })))
  }

  /** Hands out a live-only event, after everything that was published before it. What cannot be JSON is left out. */
  publishEphemeral(event: EphemeralEvent): void {
    if (this.#isClosed) return
    let pending: Pending
    try {
      pending = pendingLive(event)
    } catch {
      // The whole message that it is a part of will say the same again, or be refused.
      return
    }
    if (this.#mayPass) this.#pass(pending)
    else this.#push(pending)
  }

  /**
   * Resolves when every event that was written so far would outlast a loss of power.
   * @throws AgentServerError `storage_full`
   */
  async durable(): Promise<void> {
    if (this.#durability !== 'never') await this.#log.sync()
  }

  /** Resolves at once, or when enough of what waits is written: who produces events waits here. */
  async room(): Promise<void> {
    while (this.#queue.size > MAX_PENDING && !this.#isClosed)
      await new Promise<void>((go) => this.#room.push(go))
  }

  /** Resolves when everything published so far is written. */
  async settled(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
  }

  /** Batches of the events after `after`, oldest first, up to the last one that was handed out before the call. */
  read(after: Seq): AsyncIterable<readonly Entry[]> {
    return upTo(this.#lastSeq, this.#log.read(after))
  }

  /** A reader that gets everything after `after`, then what comes, each logged event once and in order. */
  attach(sink: Sink, after: Seq): Reader {
    const reader = new Reader(this, sink, after, () => this.#readers.delete(reader))
    this.#readers.add(reader)
    reader.start()
    return reader
  }

  /** Makes everything durable and lets go of files and memory until the next event or reader. */
  async release(): Promise<void> {
    await this.settled()
    await this.#log.release()
  }

  /** Writes what waits, lets the readers go and closes the log. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#retry.stop()
    await this.settled()
    for (const go of this.#room.splice(0)) go()
    for (const reader of this.#readers) reader.stop()
    await this.#log.close()
  }

  /** Nothing waits, nothing was handed out in this turn of the event loop, and parts do not come in a burst. */
  get #mayPass(): boolean {
    return this.#draining === undefined && this.#turn === undefined && !this.#gathering.isBurst
  }

  /** Hands out what has not to be written, in the same breath. */
  #pass(pending: Pending): void {
    this.#beginTurn()
    this.#handOut([pending], [])
    this.#gathering.handedOut(1)
  }

  #beginTurn(): void {
    this.#turn ??= nextTurn().then(() => (this.#turn = undefined))
  }

  #push(pending: Pending): void {
    this.#queue.add(pending)
    if (pending.kind === 'draft') this.#gathering.end()
    this.#draining ??= this.#drain()
  }

  async #drain(): Promise<void> {
    do {
      // What comes alone goes at once, with what was published in the same breath; what else comes in this turn of the
      // event loop, as the messages of one chunk of the agent's output do, is gathered until its end.
      await this.#turn
      if (this.#queue.isLive) await this.#gathering.more()
      this.#beginTurn()
      const batch = await this.#write(this.#queue.take(MAX_BATCH))
      if (batch === undefined) break
      this.#handOut(batch.pending, batch.written)
      this.#gathering.handedOut(batch.pending.length)
      this.#queue.done(batch.pending)
      if (this.#queue.size <= MAX_PENDING) for (const go of this.#room.splice(0)) go()
    } while (!this.#queue.isEmpty)
    // In the same moment as the last look at what waits: an event behind it begins the next write.
    this.#draining = undefined
  }

  /** Writes the logged events of a batch; undefined when that could not be done before the feed closed. */
  async #write(batch: Pending[]): Promise<{ pending: Pending[]; written: Entry[] } | undefined> {
    let pending = batch
    let written: Entry[] = []
    const append = async (): Promise<void> => {
      const drafts = pending.flatMap((each) => (each.kind === 'draft' ? each.draft : []))
      try {
        if (drafts.length > 0) written = await this.#log.append(drafts)
      } catch (error) {
        this.#refuse([...pending, ...this.#queue.takeOffers()], error as Error)
        pending = pending.filter((each) => !isOffer(each))
        throw error
      }
    }
    if (!(await this.#retry.run(append))) return undefined
    if (this.#durability === 'always' && !(await this.#retry.run(() => this.#log.sync()))) {
      // They are in the log, but nobody can promise that they stay there.
      this.#refuse(pending, logClosed())
      return undefined
    }
    return { pending, written }
  }

  /** Answers those who offered, and does not keep what they did. */
  #refuse(batch: Pending[], error: Error): void {
    const offers = batch.filter(isOffer)
    this.#queue.done(offers)
    for (const { offer } of offers) offer.reject(error)
  }

  #handOut(batch: readonly Pending[], written: readonly Entry[]): void {
    let next = 0
    const entries = batch.map((pending) => (pending.kind === 'draft' ? written[next++]! : pending.entry))
    for (const entry of written) {
      this.#lastSeq = entry.seq!
      try {
        this.#onWritten(entry.event as LoggedEvent)
      } catch (error) {
        // A fault of our own, which must not keep the event from its readers.
        process.emitWarning(error as Error)
      }
    }
    for (const entry of entries) this.partials.hear(entry)
    // A reader that comes by the doing of another's sink has these already.
    const readers = [...this.#readers]
    for (const reader of readers) reader.hear(entries)
    for (const [i, pending] of batch.entries())
      if (isOffer(pending)) pending.offer.resolve(entries[i]!.event as LoggedEvent)
  }
}

/** The entries of a read up to the number `last`. */
async function* upTo(last: Seq, batches: AsyncIterable<readonly Entry[]>): AsyncGenerator<readonly Entry[]> {
  for await (const batch of batches) {
    const entries = batch.at(-1)!.seq! <= last ? batch : batch.filter(({ seq }) => seq! <= last)
    if (entries.length > 0) yield entries
    if (entries.length < batch.length) return
  }
}
