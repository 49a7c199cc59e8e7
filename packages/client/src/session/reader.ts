import type { Cursor, EventPage, Gap, LoggedEvent } from '@claude-agent/protocol'
import { LinkedAbort } from '../patience.ts'
import { Inbox, type Start } from './inbox.ts'
import { type Place, toCursor } from './place.ts'
import type { SessionLine } from './session-line.ts'
import type { ClientEvent, EventStream } from './types.ts'

export interface ReaderParts {
  line: SessionLine
  /** The events after a place, over HTTP. */
  page(after: Place, signal: AbortSignal): Promise<EventPage>
  /** The iterator is over; never called from within its construction. */
  onEnd?: (() => void) | undefined
}

export interface ReaderOptions {
  after: Place | 'latest' | undefined
  partials: boolean
  signal: AbortSignal | undefined
}

/**
 * An iterator over the events of a session. It joins the shared line, first fetches what that does not carry any more,
 * and is thrown off it when it is too slow: then it reads what waits and joins again, from its own place.
 */
export class Reader implements EventStream {
  readonly #parts: ReaderParts
  readonly #partials: boolean
  readonly #abort: LinkedAbort
  readonly #generator: AsyncGenerator<ClientEvent, void, void>
  #inbox: Inbox
  #place: Place | 'latest' | undefined
  /** `caught_up` was not told yet. */
  #isBehind = true

  constructor(parts: ReaderParts, { after, partials, signal: outer }: ReaderOptions) {
    this.#parts = parts
    this.#partials = partials
    this.#place = after
    this.#abort = new LinkedAbort(outer)
    this.#generator = this.#read()
    const { signal } = this.#abort
    this.#inbox = signal.aborted ? new Inbox(0, () => {}) : parts.line.join(after)
    if (signal.aborted) queueMicrotask(() => this.#leave())
    else signal.addEventListener('abort', () => this.#leave())
  }

  get cursor(): Cursor | undefined {
    return toCursor(this.#place)
  }

  next(): Promise<IteratorResult<ClientEvent, void>> {
    return this.#generator.next()
  }

  async return(): Promise<IteratorResult<ClientEvent, void>> {
    // First, so that a `next()` that waits ends too.
    this.end()
    return this.#generator.return()
  }

  /** Ends the iteration, for whoever iterates too. */
  end(): void {
    this.#abort.abort()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #leave(): void {
    this.#abort.release()
    this.#inbox.end()
    this.#parts.onEnd?.()
  }

  async *#read(): AsyncGenerator<ClientEvent, void, void> {
    const { signal } = this.#abort
    try {
      while (!signal.aborted) {
        const start = await this.#inbox.started()
        if (start === undefined) return
        this.#settle(start)
        const isThere = start.exact || (yield* this.#fetchMissed(start))
        if (isThere) {
          if (this.#isBehind && start.caughtUp) yield this.#catchUp()
          yield* this.#drain()
          if (!this.#inbox.hasLagged) return
        }
        this.#inbox.end()
        if (!signal.aborted) this.#inbox = this.#parts.line.join(this.#place)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      this.end()
    }
  }

  /** Turns the wish where to begin into a place. */
  #settle({ log, seq, lastSeq }: Start): void {
    const place = this.#place
    if (place === 'latest') this.#place = { log, seq: Math.max(seq, lastSeq) }
    else this.#place = { log: place?.log ?? log, seq: place?.seq ?? 0 }
  }

  /** What lies before the line. False when that is of another log than what the server has: it has to be made anew. */
  async *#fetchMissed(start: Start): AsyncGenerator<ClientEvent, boolean, void> {
    // A cursor beyond what is known may be of another tab that was quicker, or of nothing: the server knows.
    let isSure = (this.#place as Cursor).seq <= start.lastSeq
    for (;;) {
      const { log, seq } = this.#place as Cursor
      if (isSure && log === start.log && seq >= start.seq) return true
      const page = await this.#parts.page({ log, seq }, this.#abort.signal)
      if (page.gap !== undefined) yield this.#cross({ type: 'gap', ...page.gap }, page.log)
      for (const event of page.events) yield this.#give(event, page.log)
      if (page.log !== start.log) {
        this.#parts.line.line.renew('The session has another log.')
        return false
      }
      if (page.gap === undefined && page.events.length === 0) return true
      isSure = true
    }
  }

  /** What comes on the line, until it ends. */
  async *#drain(): AsyncGenerator<ClientEvent, void, void> {
    for (;;) {
      const entry = await this.#inbox.next()
      if (entry === undefined) return
      const { event, log } = entry
      const place = this.#place as Place
      const isSameLog = place.log === log
      if (event.type === 'gap') {
        // The gap of somebody else on the line, who came from another place.
        if (!isSameLog || place.seq !== event.first - 1) yield this.#cross(event, log)
      } else if (event.type === 'caught_up') {
        if (isSameLog && event.seq > place.seq) this.#place = { log, seq: event.seq }
        if (this.#isBehind) yield this.#catchUp()
      } else if ('seq' in event) {
        if (!isSameLog || event.seq > place.seq) yield this.#give(event, log)
      } else if (this.#partials) yield event
    }
  }

  #give(event: LoggedEvent, log: string): ClientEvent {
    this.#place = { log, seq: event.seq }
    return event as ClientEvent
  }

  #cross(gap: Gap, log: string): ClientEvent {
    this.#place = { log, seq: gap.first - 1 }
    this.#isBehind = true
    return gap
  }

  #catchUp(): ClientEvent {
    this.#isBehind = false
    return { type: 'caught_up', seq: (this.#place as Place).seq }
  }
}
