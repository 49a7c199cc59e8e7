import type { Duplex } from 'node:stream'
import { ERRORS, type AgentServerError } from '@claude-agent/protocol'
import type { WebSocket } from 'ws'
import { Progress } from '../transport/sessions/progress.ts'
import type { ReaderTiming } from '../transport/sessions/timing.ts'
import type { Intake } from './intake.ts'

/** Bytes of the reason of a close that fit. */
const MAX_REASON = 120

/** The socket of a controller: notices when it is dead, and holds its client back while its process takes nothing. */
export class ControllerSocket {
  readonly socket: WebSocket
  readonly #raw: Duplex
  readonly #timing: ReaderTiming
  readonly #progress: Progress
  readonly #heartbeat: (() => void) | undefined
  readonly #timer: NodeJS.Timeout
  #aliveAt = performance.now()
  #beatAt = this.#aliveAt
  #lookedAt = this.#aliveAt
  #isHeld = false

  /** @param heartbeat says something to the client, for those that see no pings */
  constructor(socket: WebSocket, raw: Duplex, timing: ReaderTiming, heartbeat?: () => void) {
    this.socket = socket
    this.#raw = raw
    this.#timing = timing
    this.#progress = new Progress(raw)
    this.#heartbeat = heartbeat
    this.#timer = setInterval(() => this.#look(), timing.lookMs)
    for (const sign of ['message', 'ping', 'pong']) socket.on(sign, () => (this.#aliveAt = performance.now()))
    socket.once('close', () => clearInterval(this.#timer))
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  /** Bytes that wait to leave. */
  get buffered(): number {
    return this.#raw.writableLength
  }

  /** Reads nothing more until the process takes more. Not even that its client has read something. */
  hold(intake: Intake): void {
    if (this.#isHeld || !intake.isFull) return
    this.#isHeld = true
    this.socket.pause()
    void intake.drained().then(() => {
      this.#isHeld = false
      this.#aliveAt = performance.now()
      this.socket.resume()
    })
  }

  /** Ends the socket for an error, which was told. */
  fail(error: AgentServerError): void {
    const kind: { close?: number; retry: boolean } = ERRORS[error.code]
    this.end(kind.close ?? (kind.retry ? 1011 : 1008), error.message)
  }

  end(code: number, reason: string): void {
    this.socket.close(code, shorten(reason))
    const timer = setTimeout(() => this.socket.terminate(), this.#timing.closeMs).unref()
    this.socket.once('close', () => clearTimeout(timer))
  }

  #look(): void {
    if (!this.isOpen) return
    const { heartbeatMs, silenceMs, stallMs } = this.#timing
    const now = performance.now()
    // Time in which this process stood still says nothing about the client, nor does what is not read.
    if (now - this.#lookedAt > silenceMs / 2 || this.socket.isPaused) {
      this.#aliveAt = now
      this.#progress.restart()
    }
    this.#lookedAt = now
    const stalledMs = this.#progress.stalledMs()
    if (this.buffered > 0) this.#aliveAt = Math.max(this.#aliveAt, now - stalledMs)
    if (stalledMs > stallMs || now - this.#aliveAt > silenceMs) return this.socket.terminate()
    if (this.buffered > 0) return
    this.socket.ping()
    if (now - this.#beatAt < heartbeatMs) return
    this.#beatAt = now
    this.#heartbeat?.()
  }
}

/** As much of a text as the reason of a close can hold. */
function shorten(reason: string): string {
  let short = reason
  while (Buffer.byteLength(short) > MAX_REASON) short = short.slice(0, -1)
  return short
}
