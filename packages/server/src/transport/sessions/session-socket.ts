import type { Duplex } from 'node:stream'
import { ERRORS, type AgentServerError, type Seq, type SessionDown } from '@claude-agent/protocol'
import type { WebSocket } from 'ws'
import type { Entry } from '../../log/entry.ts'
import type { Sink } from '../../log/reader.ts'
import { toServerError } from '../errors.ts'
import type { EntryBytes } from './entry-bytes.ts'
import { Progress } from './progress.ts'
import type { ReaderTiming } from './timing.ts'

/** Bytes of answers that may wait for a client before nothing more is read from it. */
const MAX_UNREAD = 1024 * 1024
/** What the pong to a ping counts for. */
const PONG_BYTES = 128
const NOTHING = Buffer.alloc(0)

/** Frames that are no events. */
type Said = Exclude<SessionDown, { seq: Seq; at: number }>

/**
 * The socket of one client of a session, as a place for events. Those are framed once for all clients and written past
 * `ws`, straight to what lies under it: `ws` writes each frame of its own in one go, so nothing gets in between.
 */
export class SessionSocket implements Sink {
  readonly #socket: WebSocket
  readonly #raw: Duplex
  readonly #frames: EntryBytes
  readonly #timing: ReaderTiming
  readonly #progress: Progress
  readonly #timer: NodeJS.Timeout
  readonly #onEnded: (() => void)[] = []
  #aliveAt = performance.now()
  #pingedAt = performance.now()
  #heartbeatAt = performance.now()
  #lookedAt = performance.now()
  /** Bytes of answers since nothing waited. */
  #unread = 0

  constructor(socket: WebSocket, raw: Duplex, frames: EntryBytes, timing: ReaderTiming) {
    this.#socket = socket
    this.#raw = raw
    this.#frames = frames
    this.#timing = timing
    this.#progress = new Progress(raw)
    this.#timer = setInterval(() => this.#look(), timing.lookMs)
    socket.on('message', () => (this.#aliveAt = performance.now()))
    socket.on('pong', () => (this.#aliveAt = performance.now()))
    socket.on('ping', () => this.#count(PONG_BYTES))
    // Of one at fault nothing is heard any more, though it may take a while to go.
    socket.once('error', () => this.#finish()).once('close', () => this.#finish())
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  get buffered(): number {
    return this.#raw.writableLength
  }

  write(entries: readonly Entry[]): void {
    if (this.isOpen) this.#raw.write(this.#frames.of(entries, ''))
  }

  async drained(): Promise<void> {
    if (!this.isOpen) return
    // Called back once everything before it has left, or the socket is gone.
    await new Promise<void>((resolve) => this.#raw.write(NOTHING, () => resolve()))
  }

  gap(after: Seq, first: Seq): void {
    this.say({ type: 'gap', after, first })
  }

  caughtUp(seq: Seq): void {
    this.say({ type: 'caught_up', seq })
  }

  failed(error: unknown): void {
    this.fail(toServerError(error))
  }

  /** Sends a frame that is no event. */
  say(frame: Said): void {
    if (!this.isOpen) return
    const text = JSON.stringify(frame)
    this.#socket.send(text)
    this.#count(text.length)
  }

  /** Tells an error and ends the socket. */
  fail(error: AgentServerError): void {
    const kind: { close?: number; retry: boolean } = ERRORS[error.code]
    this.say({ type: 'error', ...error.toJSON() })
    this.end(kind.close ?? (kind.retry ? 1011 : 1008), error.code)
  }

  /** Calls back once when nothing more can be written. */
  onEnded(listener: () => void): void {
    this.#onEnded.push(listener)
  }

  /** Ends the socket; what is written by now still gets its time to leave. */
  end(code: number, reason: string): void {
    this.#socket.close(code, reason)
    const timer = setTimeout(() => this.#socket.terminate(), this.#timing.closeMs).unref()
    this.#socket.once('close', () => clearTimeout(timer))
    this.#finish()
  }

  #finish(): void {
    clearInterval(this.#timer)
    for (const listener of this.#onEnded.splice(0)) listener()
  }

  /** A client that asks without reading the answers is not listened to until it has read them. */
  #count(bytes: number): void {
    if (this.#raw.writableLength === 0) this.#unread = 0
    this.#unread += bytes
    if (this.#unread <= MAX_UNREAD || this.#socket.isPaused) return
    this.#socket.pause()
    void this.drained().then(() => {
      this.#unread = 0
      this.#socket.resume()
    })
  }

  #look(): void {
    if (!this.isOpen) return
    const { heartbeatMs, pingMs, silenceMs, stallMs } = this.#timing
    const now = performance.now()
    // Time in which this process stood still, as a paused container does, says nothing about the client.
    if (now - this.#lookedAt > silenceMs / 2) {
      this.#aliveAt = now
      this.#progress.restart()
    }
    this.#lookedAt = now
    const stalledMs = this.#progress.stalledMs()
    if (this.buffered > 0) {
      // Bytes that leave are a sign of life; a ping would only get in line behind them.
      this.#aliveAt = Math.max(this.#aliveAt, now - stalledMs)
      if (stalledMs > stallMs) this.end(ERRORS.lagged.close, 'lagged')
      return
    }
    if (now - this.#aliveAt > silenceMs) return this.#socket.terminate()
    if (now - this.#pingedAt >= pingMs) {
      this.#pingedAt = now
      this.#socket.ping()
    }
    if (now - this.#heartbeatAt >= heartbeatMs) {
      this.#heartbeatAt = now
      this.say({ type: 'heartbeat' })
    }
  }
}
