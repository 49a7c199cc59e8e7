import {
  type AgentServerError,
  type AskCancelled,
  type Cursor,
  type DirectedAsk,
  ERRORS,
  isLogged,
  type McpMessageDown,
  type OpenAsk,
  type SessionConnected,
  type SessionDown,
  type SessionEvent,
} from '@claude-agent/protocol'
import type { Locate } from '../endpoint.ts'
import { tooSlow } from '../failure.ts'
import { Line } from '../line.ts'
import type { ConnectionState } from '../types.ts'
import { Calls } from './calls.ts'
import { Handlers } from './handlers.ts'
import { type Entry, Inbox, type Start } from './inbox.ts'
import type { Limits } from './limits.ts'
import { Partials } from './partials.ts'
import { formatPlace, type Place, toCursor } from './place.ts'
import type { Ask, ClientEvent } from './types.ts'

export interface SessionLineParts {
  locate: Locate
  /** Of the session, e.g. `/sessions/s1`. */
  path: string
  /** The name by which others are told who answered. */
  client: string
  limits: Limits
}

/** What the agent of a session asks of this client alone, and who has that. */
export interface DirectedHearer {
  /** The line is connected, and may have been down before. */
  up(): void
  hear(frame: DirectedAsk | AskCancelled | McpMessageDown): void
  /** The line is closed for good. */
  end(error?: AgentServerError): void
}

/**
 * The one socket of a session that all its iterators and handlers share: opened by the first, closed after the last. It
 * comes back with the cursor of what it has received, drops what comes twice, and hands on each event once, in order.
 */
export class SessionLine {
  readonly line: Line
  readonly #parts: SessionLineParts
  readonly #inboxes = new Set<Inbox>()
  readonly #handlers = new Handlers()
  readonly #hearers = new Set<DirectedHearer>()
  readonly #calls = new Calls()
  readonly #partials: Partials
  #pendingCalls = 0
  /** The inbox for whose place the line was opened. */
  #opener: Inbox | undefined
  /** Where the line goes on. */
  #place: Place | 'latest' | undefined
  #connected = false
  #lastSeq = 0
  #caughtUp = false
  #asks = new Map<string, Ask>()
  #goodbye = Promise.resolve()
  #server: Pick<SessionConnected, 'protocol' | 'maxFrameBytes'> | undefined

  constructor(parts: SessionLineParts) {
    const { locate, path, client, limits } = parts
    this.#parts = parts
    this.#partials = new Partials(limits.partialChars)
    this.line = new Line({
      locate,
      path: `${path}/ws`,
      params: () => ({ client, after: this.#after(), serves: this.#hearers.size > 0 ? '1' : undefined }),
      probePath: path,
      onFrame: (frame, size) => this.#hear(frame as SessionDown, size),
      // A fault of our own has no code of the catalogue.
      mayRetry: ({ code }) => ERRORS[code]?.retry ?? false,
      attemptMs: limits.attemptMs,
      pulse: limits,
    })
    this.line.states.add((state) => this.#follow(state))
  }

  /** The last event that was handed to the handlers. */
  get cursor(): Cursor | undefined {
    return toCursor(this.#place)
  }

  /** A place for what comes on the line; opens it after `after` when it is closed. */
  join(after: Place | 'latest' | undefined): Inbox {
    const inbox = new Inbox(this.#parts.limits.bufferChars, (left) => {
      this.#inboxes.delete(left)
      this.#rest()
    })
    this.#inboxes.add(inbox)
    if (this.line.state.status === 'closed') {
      this.#opener = inbox
      this.#open(after)
    } else if (this.#connected) {
      inbox.begin(this.#start(false))
      for (const entry of this.#partials.replay()) inbox.push(entry)
    }
    return inbox
  }

  /** Registers a handler; opens the line when it is closed. */
  on(type: ClientEvent['type'], call: (event: never) => unknown): () => void {
    const now = this.#connected ? { seq: this.#lastSeq, asks: [...this.#asks.values()] } : undefined
    const remove = this.#handlers.add(type, call, now)
    if (this.line.state.status === 'closed') this.#open('latest')
    return () => {
      remove()
      this.#rest()
    }
  }

  /** What the server that the line was connected to last can do. */
  get server(): Pick<SessionConnected, 'protocol' | 'maxFrameBytes'> | undefined {
    return this.#server
  }

  /** Keeps the line open for what is for this client alone, until the function that comes back is called. */
  attach(hearer: DirectedHearer): () => void {
    this.#hearers.add(hearer)
    if (this.line.state.status === 'closed') this.#open('latest')
    else if (this.line.state.status === 'connected') hearer.up()
    return () => {
      if (this.#hearers.delete(hearer)) this.#rest()
    }
  }

  /** Sends a frame and waits for its reply. */
  async ask<T>(frame: object, signal: AbortSignal): Promise<T> {
    const { limits } = this.#parts
    this.#pendingCalls += 1
    try {
      const error = (): AgentServerError => tooSlow(this.line, limits.requestMs, 'requestTimeoutMs')
      const send = (text: string): boolean => this.line.send(text)
      return await this.#calls.ask<T>(send, frame, signal, { afterMs: limits.requestMs, error })
    } finally {
      this.#pendingCalls -= 1
      this.#rest()
    }
  }

  /** Lets go of everybody; resolves when the socket is closed. */
  async close(): Promise<void> {
    this.#handlers.clear()
    this.#endHearers()
    for (const inbox of this.#inboxes) inbox.end()
    this.#rest()
    await this.#goodbye
  }

  #open(after: Place | 'latest' | undefined): void {
    this.#place = after
    this.#connected = false
    this.line.open()
  }

  /** Closes the line when nobody uses it any more. */
  #rest(): void {
    if (this.#inboxes.size + this.#handlers.size + this.#hearers.size + this.#pendingCalls > 0) return
    if (this.line.state.status !== 'closed') this.#goodbye = this.line.close()
  }

  #after(): string | undefined {
    return typeof this.#place === 'object' ? formatPlace(this.#place) : this.#place
  }

  #start(exact: boolean): Start {
    const { log, seq } = this.#place as Cursor
    return { log, seq, lastSeq: this.#lastSeq, caughtUp: this.#caughtUp, exact }
  }

  #follow({ status, error }: ConnectionState): void {
    if (status === 'connected') for (const hearer of this.#hearers) hearer.up()
    if (status === 'connected' || status === 'connecting') return
    this.#calls.fail()
    if (status !== 'closed') return
    this.#connected = false
    this.#opener = undefined
    for (const inbox of this.#inboxes) inbox.end(error)
    this.#endHearers(error)
  }

  #endHearers(error?: AgentServerError): void {
    const hearers = [...this.#hearers]
    this.#hearers.clear()
    for (const hearer of hearers) hearer.end(error)
  }

  #hear(frame: SessionDown, size: number): void {
    if (frame.type === 'connected') return this.#begin(frame)
    if (frame.type === 'reply') return this.#calls.settle(frame)
    if (frame.type === 'caught_up') {
      this.#caughtUp = true
      return this.#handOn(frame, size)
    }
    if (frame.type === 'gap') {
      this.#place = { ...(this.#place as Cursor), seq: frame.first - 1 }
      this.#partials.clear()
      return this.#handOn(frame, size)
    }
    if (frame.type === 'heartbeat') return
    if (isDirected(frame)) {
      for (const hearer of this.#hearers) hearer.hear(frame)
      return
    }
    if (frame.type === 'error' && !('seq' in frame)) return this.#calls.settle(frame)
    this.#hearEvent(frame, size)
  }

  #begin({ log, lastSeq, session, protocol, maxFrameBytes }: SessionConnected): void {
    this.#server = { protocol, maxFrameBytes }
    const place = this.#place
    const isNewLog = typeof place === 'object' && (place.log ?? log) !== log
    const seq = place === 'latest' ? lastSeq : place === undefined || isNewLog ? 0 : place.seq
    this.#place = { log, seq }
    this.#lastSeq = lastSeq
    this.#caughtUp = false
    this.#connected = true
    this.#asks = new Map(session.asks.map((open) => [open.ask, toAskEvent(open)]))
    this.#partials.clear()
    for (const inbox of this.#inboxes) {
      if (!inbox.hasStarted) inbox.begin(this.#start(inbox === this.#opener))
    }
    this.#handlers.begin(lastSeq, [...this.#asks.values()], isNewLog)
  }

  #hearEvent(event: SessionEvent, size: number): void {
    if (isLogged(event)) {
      const { log, seq } = this.#place as Cursor
      if (event.seq <= seq) return
      if (event.seq !== seq + 1) return this.line.renew(`After the event ${seq} came ${event.seq}.`)
      this.#place = { log, seq: event.seq }
      if (event.type === 'ask' && event.seq > this.#lastSeq) this.#asks.set(event.ask, event as Ask)
      else if (event.type === 'ask_settled') this.#asks.delete(event.ask)
      this.#lastSeq = Math.max(this.#lastSeq, event.seq)
    } else if (event.type !== 'sdk_message') return
    this.#handOn(event, size)
  }

  #handOn(event: Entry['event'], size: number): void {
    const entry: Entry = { event, size, log: (this.#place as Cursor).log }
    this.#partials.hear(entry)
    for (const inbox of this.#inboxes) inbox.push(entry)
    this.#handlers.emit(event as ClientEvent)
  }
}

function isDirected(frame: SessionDown): frame is DirectedAsk | AskCancelled | McpMessageDown {
  return (
    frame.type === 'ask_cancelled' ||
    frame.type === 'mcp_message' ||
    (frame.type === 'ask' && !('seq' in frame))
  )
}

/** An open ask as the event that told of it. */
function toAskEvent({ ask, kind, data, deferred, seq, at }: OpenAsk): Ask {
  return { type: 'ask', seq, at, ask, kind, data, ...(deferred ? { deferred } : {}) } as Ask
}
