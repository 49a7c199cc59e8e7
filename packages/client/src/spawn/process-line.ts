import { openSocket } from '#socket'
import {
  parseErrorBody,
  type AgentServerError,
  type Kill,
  type ProcessDown,
  type ProcessUp,
} from '@claude-agent/protocol'
import { backoff } from '../backoff.ts'
import type { Endpoint } from '../endpoint.ts'
import { closureFailure, parseJson } from '../failure.ts'
import type { ClientSocket, Closure } from '../socket.ts'
import { randomUuid } from '../uuid.ts'
import { isPassing } from './passing.ts'
import { Unacknowledged } from './unacknowledged.ts'

/** Bytes that the server has not acknowledged, after which the writer has to wait. */
const MAX_UNREAD = 1024 * 1024
/** When the server hears that bytes of stdout have come. */
const ACKNOWLEDGE_BYTES = 64 * 1024
const ACKNOWLEDGE_MS = 50
/** A line of the agent comes in one frame. */
const MAX_FRAME_BYTES = 512 * 1024 * 1024
/** The server gives a sign of life every 15 s at the latest; where pings are seen, far more often. */
const SILENCE_MS = 30_000
const PINGED_SILENCE_MS = 10_000
const LOOK_MS = 2_500
const CONNECT_MS = 15_000

export interface ProcessLineRequest {
  endpoint: Endpoint
  session: string
  args: string[]
  env: Record<string, string>
  /** Milliseconds without a line after which the process is given up. */
  reconnectTimeoutMs: number
  /** False when nothing more is wanted until `resume()`. */
  onBytes(bytes: Uint8Array): boolean
  onStderr(text: string): void
  /** Once; nothing comes after it. */
  onExit(code: number | null, signal: string | null): void
  /** Once, in place of `onExit`. */
  onFail(error: AgentServerError): void
}

/** The line to a process of the server's. It comes back when it breaks, where it was in both directions. */
export class ProcessLine {
  readonly #request: ProcessLineRequest
  readonly #name = randomUuid()
  readonly #sent = new Unacknowledged()
  readonly #look: ReturnType<typeof setInterval>
  #socket: ClientSocket | undefined
  #isUp = false
  #isOpened = false
  #isPaused = false
  #isInputOver = false
  #isOver = false
  #kill: Kill['signal'] | undefined
  #received = 0
  #acknowledged = 0
  #acknowledging: ReturnType<typeof setTimeout> | undefined
  #retrying: ReturnType<typeof setTimeout> | undefined
  #seesPings = false
  #failures = 0
  #lostAt = performance.now()
  #heardAt = performance.now()
  #waiting: (() => void) | undefined
  #announced: AgentServerError | undefined

  constructor(request: ProcessLineRequest) {
    this.#request = request
    this.#look = setInterval(() => this.#watch(), LOOK_MS)
    this.#connect()
  }

  /** Writes to stdin; calls back when more may be written. */
  write(bytes: Uint8Array<ArrayBuffer>, onReady: () => void): void {
    this.#sent.add(bytes)
    if (this.#isUp) this.#socket?.send(bytes)
    if (this.#sent.size <= MAX_UNREAD || this.#isOver) return onReady()
    this.#waiting = onReady
  }

  /** Nothing more is written. */
  endInput(): void {
    this.#isInputOver = true
    this.#say({ type: 'end' })
  }

  /** Ends the process; without a line it is left to the server to end it. */
  kill(signal: Kill['signal']): void {
    if (this.#isOver) return
    this.#kill = signal
    this.#say({ type: 'kill', signal })
    if (!this.#isUp || signal === 'SIGKILL') this.#finish(() => this.#request.onExit(null, signal))
  }

  /** More of stdout is wanted. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#heardAt = performance.now()
    this.#socket?.resume?.()
  }

  #connect(): void {
    const { endpoint, session } = this.#request
    this.#announced = undefined
    this.#heardAt = performance.now()
    const isCurrent = (): boolean => this.#socket === socket && !this.#isOver
    const socket = openSocket({
      url: endpoint.socket(`/sessions/${encodeURIComponent(session)}/stdio`, { framing: 'process' }),
      token: endpoint.token,
      headers: endpoint.headers,
      silenceMs: undefined,
      maxFrameBytes: MAX_FRAME_BYTES,
      onOpen: () => this.#open(),
      onText: (text) => {
        if (isCurrent()) this.#hear(parseJson(text) as ProcessDown)
      },
      onBytes: (bytes) => {
        if (isCurrent()) this.#take(bytes)
      },
      onSign: () => {
        this.#heardAt = performance.now()
        this.#seesPings = true
      },
      onClose: (closure) => {
        if (isCurrent()) this.#lose(closure)
      },
    })
    this.#socket = socket
  }

  /** The first frames go together: nothing is waited for. */
  #open(): void {
    this.#isUp = true
    this.#heardAt = performance.now()
    this.#acknowledged = this.#received
    const { args, env } = this.#request
    const place = { process: this.#name, from: this.#sent.start, received: this.#received }
    this.#say({ type: 'open', ...place, ...(this.#isOpened ? {} : { args, env }) })
    for (const chunk of this.#sent.chunks) this.#socket?.send(chunk)
    if (this.#isInputOver) this.#say({ type: 'end' })
    if (this.#kill !== undefined) this.#say({ type: 'kill', signal: this.#kill })
  }

  #hear(frame: ProcessDown): void {
    this.#heardAt = performance.now()
    switch (frame.type) {
      case 'opened':
        this.#isOpened = true
        this.#failures = 0
        return this.#acknowledge(frame.received)
      case 'received':
        return this.#acknowledge(frame.bytes)
      case 'stderr':
        return this.#request.onStderr(frame.data)
      case 'exit':
        this.#say({ type: 'received', bytes: this.#received })
        return this.#finish(() => this.#request.onExit(frame.code, frame.signal))
      case 'error':
        this.#announced = parseErrorBody(frame)
        return
      case 'heartbeat':
    }
  }

  #take(bytes: Uint8Array): void {
    this.#heardAt = performance.now()
    this.#received += bytes.length
    if (!this.#request.onBytes(bytes)) {
      this.#isPaused = true
      this.#socket?.pause?.()
    }
    const say = (): void => {
      clearTimeout(this.#acknowledging)
      this.#acknowledging = undefined
      this.#acknowledged = this.#received
      this.#say({ type: 'received', bytes: this.#received })
    }
    if (this.#received - this.#acknowledged >= ACKNOWLEDGE_BYTES) say()
    else this.#acknowledging ??= setTimeout(say, ACKNOWLEDGE_MS)
  }

  #acknowledge(bytes: number): void {
    this.#sent.acknowledge(bytes)
    if (this.#sent.size <= MAX_UNREAD) this.#goOn()
  }

  #goOn(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
  }

  #watch(): void {
    const now = performance.now()
    if (this.#isPaused) this.#heardAt = now
    const silenceMs = this.#seesPings ? PINGED_SILENCE_MS : SILENCE_MS
    const patienceMs = this.#isUp ? silenceMs : CONNECT_MS
    if (this.#retrying === undefined && now - this.#heardAt > patienceMs) this.#socket?.abort()
  }

  #lose(closure: Closure): void {
    const { endpoint, reconnectTimeoutMs } = this.#request
    const error = closureFailure(endpoint, closure, this.#announced)
    if (this.#isUp) this.#lostAt = performance.now()
    this.#isUp = false
    this.#isPaused = false
    clearTimeout(this.#acknowledging)
    this.#acknowledging = undefined
    if (this.#kill !== undefined) {
      const signal = this.#kill
      return this.#finish(() => this.#request.onExit(null, signal))
    }
    const pauseMs = Math.max(backoff(this.#failures), this.#failures === 0 ? 0 : (error.retryAfterMs ?? 0))
    const isLate = performance.now() - this.#lostAt + pauseMs > reconnectTimeoutMs
    if (!isPassing(error, this.#isOpened) || isLate) return this.#finish(() => this.#request.onFail(error))
    this.#failures += 1
    this.#retrying = setTimeout(() => {
      this.#retrying = undefined
      this.#connect()
    }, pauseMs)
  }

  #say(frame: ProcessUp): void {
    if (this.#isUp) this.#socket?.send(JSON.stringify(frame))
  }

  #finish(tell: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    clearInterval(this.#look)
    clearTimeout(this.#acknowledging)
    clearTimeout(this.#retrying)
    if (this.#isUp) this.#socket?.close()
    else this.#socket?.abort()
    this.#isUp = false
    this.#goOn()
    tell()
  }
}
