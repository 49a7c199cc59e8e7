import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { AgentServerError, type ModelDown } from '@claude-agent/protocol'
import { modelUp } from '@claude-agent/protocol/schema'
import type { RawData, WebSocket } from 'ws'
import type { ClientUpstream, ModelLine } from '../agent/broker/client-upstream.ts'
import { drawUuid } from '../random.ts'
import { toServerError } from './errors.ts'
import { readFrame } from './frame.ts'
import { ModelExchange } from './model-exchange.ts'
import { Progress } from './sessions/progress.ts'

/** Size limit of the frames that are no part of a body. */
const MAX_TEXT_BYTES = 256 * 1024

/** When a model socket is looked after, in milliseconds. */
export interface ModelTiming {
  /** Between two looks, each with a ping. @default 2_500 */
  lookMs: number
  /** Silence after which the client is gone. @default 10_000 */
  silenceMs: number
  /** The same while the client has a large body to take, and time in which it must take some of it. @default 30_000 */
  stallMs: number
  /** What the client gets to say its last word on a request that was cancelled. @default 5_000 */
  cancelMs: number
}

const MODEL_TIMING: ModelTiming = { lookMs: 2_500, silenceMs: 10_000, stallMs: 30_000, cancelMs: 5_000 }

/** Serves `WS /model` on a socket that may speak: its client is given requests for the model, one at a time. */
export function serveModelSocket(
  socket: WebSocket,
  raw: Duplex,
  upstream: ClientUpstream,
  timing: Partial<ModelTiming> = {},
): void {
  new ModelSocket(socket, raw, upstream, { ...MODEL_TIMING, ...timing }).greet()
}

class ModelSocket implements ModelLine {
  readonly #socket: WebSocket
  readonly #raw: Duplex
  readonly #upstream: ClientUpstream
  readonly #timing: ModelTiming
  readonly #progress: Progress
  #aliveAt = performance.now()
  /** Since when silence counts: this process may have stood still. */
  #silentSince = this.#aliveAt
  #lookedAt = this.#aliveAt
  #exchange: ModelExchange | undefined
  #cancelledAt: number | undefined
  #isRefused = false

  constructor(socket: WebSocket, raw: Duplex, upstream: ClientUpstream, timing: ModelTiming) {
    this.#socket = socket
    this.#raw = raw
    this.#upstream = upstream
    this.#timing = timing
    this.#progress = new Progress(raw)
    const timer = setInterval(() => this.#look(), timing.lookMs)
    socket.on('pong', () => {
      this.#hear()
      upstream.heard()
    })
    socket.on('message', (data, isBinary) => {
      // It is being closed: what it still says must not get it a request.
      if (this.#isRefused) return
      this.#hear()
      try {
        this.#receive(data, isBinary)
      } catch (error) {
        this.#fail(toServerError(error))
      }
    })
    socket.once('close', () => {
      clearInterval(timer)
      upstream.forget(this)
      this.#exchange?.lose()
    })
  }

  get aliveAt(): number {
    return this.#aliveAt
  }

  greet(): void {
    this.#say({ type: 'connected' })
  }

  check(): void {
    this.#socket.ping()
  }

  carry(from: IncomingMessage, to: ServerResponse): void {
    this.#progress.restart()
    this.#cancelledAt = undefined
    this.#exchange = new ModelExchange(drawUuid(), { socket: this.#socket, raw: this.#raw }, from, to)
  }

  #receive(data: RawData, isBinary: boolean): void {
    const exchange = this.#exchange
    if (isBinary) {
      if (exchange?.write(data as Buffer) !== true) throw outOfTurn('a binary frame')
      return
    }
    const frame = readFrame(modelUp, data, isBinary, MAX_TEXT_BYTES)
    // Harmless where no token is needed; that it is right was seen before.
    if (frame.type === 'auth') return
    if (frame.type === 'heartbeat') return this.#say({ type: 'heartbeat' })
    if (frame.type === 'park') {
      if (exchange?.isOver === false) throw outOfTurn("'park'")
      this.#exchange = undefined
      return this.#upstream.park(this)
    }
    const isInTurn =
      frame.type === 'response'
        ? exchange?.begin(frame)
        : exchange?.end(frame.type === 'error' ? frame.error : undefined)
    if (isInTurn !== true) throw outOfTurn(`'${frame.type}'`)
  }

  #hear(): void {
    this.#aliveAt = this.#silentSince = performance.now()
  }

  #look(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const { silenceMs, stallMs, cancelMs } = this.#timing
    const now = performance.now()
    if (now - this.#lookedAt > silenceMs / 2) {
      this.#silentSince = now
      this.#progress.restart()
    }
    this.#lookedAt = now
    // What this side does not read, the agent does not read.
    if (this.#socket.isPaused) this.#silentSince = now
    if (this.#exchange?.isCancelled === true) this.#cancelledAt ??= now
    const isOverdue = this.#cancelledAt !== undefined && now - this.#cancelledAt > cancelMs
    const isStalled = this.#progress.stalledMs() > stallMs
    const patienceMs = this.#exchange?.mayBeSilent === true ? stallMs : silenceMs
    if (isStalled || now - this.#silentSince > patienceMs) return this.#socket.terminate()
    if (isOverdue && this.#exchange?.isCancelled === true) return this.#socket.terminate()
    this.#socket.ping()
  }

  #fail(error: AgentServerError): void {
    this.#isRefused = true
    this.#upstream.forget(this)
    this.#exchange?.lose()
    this.#say({ type: 'error', ...error.toJSON() })
    this.#socket.close(1008, error.code)
    setTimeout(() => this.#socket.terminate(), 2_000).unref()
  }

  #say(frame: ModelDown): void {
    this.#socket.send(JSON.stringify(frame))
  }
}

function outOfTurn(what: string): AgentServerError {
  return new AgentServerError({
    code: 'invalid_message',
    message: `Out of turn came ${what}.`,
    hint: 'The order of the frames on /model is in PROTOCOL.md.',
  })
}
