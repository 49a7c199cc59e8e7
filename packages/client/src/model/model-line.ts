import { AgentServerError, type ModelDown, type ModelRequest, type ModelUp } from '@claude-agent/protocol'
import type { Endpoint } from '../endpoint.ts'
import { Line } from '../line.ts'
import { LIMITS } from '../session/limits.ts'
import { answerHeaders, type ModelHost } from './model-host.ts'
import type { Room } from './pieces.ts'
import { RequestBody } from './request-body.ts'

/** Bytes of an answer that may wait for the server before the model's host has to. */
const MAX_BUFFERED = 1024 * 1024
/** Between two looks whether they have left, in milliseconds. */
const LOOK_MS = 5
/** The most that is sent in one frame. */
const PIECE_BYTES = 64 * 1024

/** The most that is taken in one frame, where the platform has such a limit; the server's are small. */
const MAX_FRAME_BYTES = 1024 * 1024

/** The server pings every 2.5 s, which platforms that show it need no heartbeat beside. */
const PULSE = { ...LIMITS, silenceMs: 5_000 }

export interface ModelLineParts {
  locate(signal: AbortSignal): Endpoint | Promise<Endpoint>
  host: ModelHost
  /** For the bodies of requests. */
  room: Room
  /** The line has got a request: it is not parked any more. */
  onTaken(): void
  /** Whether the line is to be parked again, now that its request is over. */
  isWanted(): boolean
  mayRetry(error: AgentServerError): boolean
  /** The line has ended, with what it ended of unless by `close()`. */
  onEnd(error: AgentServerError | undefined): void
  /** A request could not be made. */
  onError(error: AgentServerError): void
}

interface Exchange {
  body: RequestBody
  aborting: AbortController
  hasBegun: boolean
}

/** One socket on which the server hands over requests for the model, one at a time. */
export class ModelLine {
  readonly #parts: ModelLineParts
  readonly #line: Line
  #exchange: Exchange | undefined
  #state: 'coming' | 'parked' | 'busy' = 'coming'

  constructor(parts: ModelLineParts) {
    this.#parts = parts
    this.#line = new Line({
      locate: (signal) => parts.locate(signal),
      path: '/model',
      maxFrameBytes: MAX_FRAME_BYTES,
      onFrame: (frame) => this.#hear(frame as ModelDown),
      onBytes: (bytes) => this.#exchange?.body.push(bytes),
      onUp: () => this.#park(),
      mayRetry: (error) => parts.mayRetry(error),
      attemptMs: LIMITS.attemptMs,
      pulse: PULSE,
    })
    this.#line.states.add(({ status, error }) => {
      if (status === 'connected') return
      this.#state = 'coming'
      this.#abort()
      if (status === 'closed') parts.onEnd(error)
    })
  }

  /** It waits for a request, or soon will. */
  get isFree(): boolean {
    return this.#state !== 'busy'
  }

  get isParked(): boolean {
    return this.#state === 'parked'
  }

  open(): void {
    this.#line.open()
  }

  async close(): Promise<void> {
    this.#abort()
    await this.#line.close()
  }

  #park(): void {
    this.#state = 'parked'
    this.#say({ type: 'park' })
  }

  #hear(frame: ModelDown): void {
    if (frame.type === 'request') void this.#serve(frame)
    else if (frame.type === 'end') this.#exchange?.body.end()
    else if (frame.type === 'cancel') {
      this.#exchange?.aborting.abort()
      this.#exchange?.body.cancel()
    }
  }

  /** Makes a request and passes the answer on; then the line is free again, once the server has said its last word too. */
  async #serve(request: ModelRequest): Promise<void> {
    if (this.#exchange !== undefined) return this.#line.renew('The server sent a request within another.')
    const exchange: Exchange = {
      body: new RequestBody(this.#line, this.#parts.room),
      aborting: new AbortController(),
      hasBegun: false,
    }
    this.#exchange = exchange
    this.#state = 'busy'
    this.#parts.onTaken()
    if (!request.hasBody) exchange.body.end()
    try {
      await this.#answer(request, exchange)
      this.#say({ type: 'end' }, exchange)
    } catch (error) {
      this.#tell(error, exchange)
    }
    exchange.body.discard()
    await exchange.body.over
    if (this.#exchange !== exchange) return
    this.#exchange = undefined
    if (this.#parts.isWanted()) this.#park()
    else void this.#line.close()
  }

  async #answer(request: ModelRequest, exchange: Exchange): Promise<void> {
    const { signal } = exchange.aborting
    const answer = await this.#parts.host.ask(request, exchange.body, signal)
    exchange.hasBegun = true
    this.#say({ type: 'response', status: answer.status, headers: answerHeaders(answer) }, exchange)
    if (answer.body === null) return
    const reader = answer.body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      for (let place = 0; place < value.length; place += PIECE_BYTES) {
        if (this.#exchange !== exchange) return await reader.cancel()
        this.#line.send(value.subarray(place, place + PIECE_BYTES))
      }
      while (this.#line.buffered > MAX_BUFFERED && !signal.aborted) await delay(LOOK_MS)
    }
  }

  /** Says why there is no answer, or no more of it; nobody hears it of a request that was cancelled. */
  #tell(error: unknown, exchange: Exchange): void {
    if (exchange.aborting.signal.aborted) return this.#say({ type: 'end' }, exchange)
    const known =
      error instanceof AgentServerError
        ? error
        : new AgentServerError({
            code: 'connect_failed',
            message: `The answer of the model’s host broke off: ${(error as Error).message}.`,
            cause: error,
          })
    if (known.code === 'body_too_large' && !exchange.hasBegun) this.#refuse(known, exchange)
    else this.#say({ type: 'error', error: known.message, code: known.code }, exchange)
    this.#parts.onError(known)
  }

  /** The answer of a host to whom a request is too large: the agent repeats what merely failed. */
  #refuse({ message }: AgentServerError, exchange: Exchange): void {
    const headers = { 'content-type': 'application/json' }
    const body = { type: 'error', error: { type: 'request_too_large', message } }
    this.#say({ type: 'response', status: 413, headers }, exchange)
    if (exchange === this.#exchange) this.#line.send(new TextEncoder().encode(JSON.stringify(body)))
    this.#say({ type: 'end' }, exchange)
  }

  /** The line was lost, or is closed: its request is over. */
  #abort(): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    exchange?.aborting.abort()
    exchange?.body.cancel()
  }

  /** Sends a frame, unless it is of an exchange that the line has lost: it may have another server by now. */
  #say(frame: ModelUp, exchange = this.#exchange): void {
    if (exchange === this.#exchange) this.#line.send(JSON.stringify(frame))
  }
}

async function delay(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
