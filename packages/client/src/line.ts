import { AgentServerError } from '@claude-agent/protocol'
import { backoff } from './backoff.ts'
import { type Channel, type Frame, openChannel } from './channel.ts'
import { type Endpoint, isLoopback, type Params } from './endpoint.ts'
import { stoppedEarly, tooSlow } from './failure.ts'
import { Listeners } from './listeners.ts'
import { Pulse, type PulseLimits } from './pulse.ts'
import { isOffline, watchSurroundings } from './surroundings.ts'
import type { ConnectionState } from './types.ts'

/** A connection that held this long was a good one: the next drop starts the backoff anew. */
const STEADY_MS = 5_000

/** The wait between attempts while the platform says that there is no network. When it is back, the wait ends. */
const OFFLINE_MS = 60_000

const HEARTBEAT = '{"type":"heartbeat"}'

export interface LinePlan {
  /** Where to connect; asked at each attempt. It has its own limits of time: the attempt begins when it has answered. */
  locate(signal: AbortSignal): Endpoint | Promise<Endpoint>
  path: string
  /** The query of the next attempt. */
  params?(): Params
  /** What is asked over HTTP when a socket does not open and the platform hides why. @default '/health' */
  probePath?: string
  /** Runs on a socket that the server has accepted, before the line counts as connected. */
  prepare?(endpoint: Endpoint, signal: AbortSignal): Promise<void> | undefined
  /** Every frame, those included that come before the line counts as connected. */
  onFrame(frame: Frame, size: number): void
  /** Every binary frame. */
  onBytes?(bytes: Uint8Array): void
  /** The line is connected, and everybody was told. */
  onUp?(): void
  /** Whether a failed attempt, or a lost connection, is worth another one. */
  mayRetry(error: AgentServerError): boolean
  attemptMs: number
  /** See `SocketRequest`. */
  maxFrameBytes?: number
  /** Silence after which the platform's pings count the line as dead, in milliseconds; the alternative to `pulse`. */
  silenceMs?: number
  /** The server answers `heartbeat`: so that silence is noticed on every platform. */
  pulse?: PulseLimits
}

/** A WebSocket that comes back by itself, from `open()` to `close()`. It can be opened again then. */
export class Line {
  readonly states = new Listeners<ConnectionState>('state')
  readonly #plan: LinePlan
  readonly #pulse: Pulse | undefined
  #state: ConnectionState = { status: 'closed' }
  #attempt: AbortController | undefined
  #channel: Channel | undefined
  #endpoint: Endpoint | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #connectedAt = 0
  #unwatch = (): void => {}

  constructor(plan: LinePlan) {
    this.#plan = plan
    if (plan.pulse === undefined) return
    this.#pulse = new Pulse({
      limits: plan.pulse,
      beat: () => void this.#channel?.send(HEARTBEAT),
      onDead: () => this.renew('The line went silent.'),
    })
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** The server that was last asked for, for messages. */
  get address(): string {
    return this.#endpoint?.address ?? 'The server'
  }

  /** Connects; while it is open it does nothing. */
  open(): void {
    if (this.#attempt !== undefined) return
    const attempt = new AbortController()
    this.#attempt = attempt
    this.#failures = 0
    this.#unwatch = watchSurroundings(() => this.#stir())
    this.#enter({ status: 'connecting' })
    void this.#try(attempt)
  }

  /** Sends one frame; false when the line is not connected: nothing was sent. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean {
    return this.#channel?.send(data) ?? false
  }

  /** Bytes that were sent and have not left yet. */
  get buffered(): number {
    return this.#channel?.buffered ?? 0
  }

  /** Reads nothing more until `resume()`, where the platform can. */
  pause(): void {
    this.#channel?.pause()
  }

  resume(): void {
    this.#channel?.resume()
  }

  /** Drops a line that is no good any more, and makes it anew at once. */
  renew(why: string | AgentServerError): void {
    const error =
      typeof why === 'string' ? new AgentServerError({ code: 'connect_failed', message: why }) : why
    const channel = this.#channel
    if (channel === undefined) return this.#attempt?.abort(error)
    channel.abort()
    this.#lose(error, true)
  }

  /** Ends the connection, the attempt to make it, or the wait for the next attempt; resolves when the socket is closed. */
  async close(goodbye?: string): Promise<void> {
    const channel = this.#channel
    this.#end()
    await channel?.close(goodbye)
  }

  async #try(attempt: AbortController): Promise<void> {
    if (this.#attempt !== attempt) return
    try {
      await this.#connect(attempt)
    } catch (error) {
      if (this.#attempt === attempt) this.#recover(error as AgentServerError)
    }
  }

  /** One attempt. It is over when its controller is aborted: by its deadline, a drop or `close()`. */
  async #connect(attempt: AbortController): Promise<void> {
    const { signal } = attempt
    const plan = this.#plan
    let channel: Channel | undefined
    let deadline: ReturnType<typeof setTimeout> | undefined
    try {
      const located = plan.locate(signal)
      const endpoint = located instanceof Promise ? await located : located
      signal.throwIfAborted()
      this.#endpoint = endpoint
      deadline = setTimeout(() => attempt.abort(tooSlow(endpoint, plan.attemptMs)), plan.attemptMs)
      channel = await openChannel({
        endpoint,
        path: plan.path,
        params: plan.params?.() ?? {},
        probePath: plan.probePath,
        accept: 'connected',
        silenceMs: plan.silenceMs,
        maxFrameBytes: plan.maxFrameBytes,
        signal,
        onFrame: (frame, size) => {
          this.#pulse?.heard()
          plan.onFrame(frame, size)
        },
        onBytes: (bytes) => {
          this.#pulse?.heard()
          plan.onBytes?.(bytes)
        },
        onSign: () => this.#pulse?.heard(),
        onEnd: (error) =>
          this.#attempt === attempt && this.#channel ? this.#lose(error) : attempt.abort(error),
      })
      await plan.prepare?.(endpoint, signal)
      signal.throwIfAborted()
    } catch (error) {
      channel?.abort()
      throw error
    } finally {
      clearTimeout(deadline)
    }
    this.#channel = channel
    this.#connectedAt = Date.now()
    this.#pulse?.start()
    this.#enter({ status: 'connected' })
    if (this.#channel === channel) plan.onUp?.()
  }

  /** A connection was lost. */
  #lose(error: AgentServerError, atOnce = false): void {
    this.#channel = undefined
    this.#pulse?.stop()
    if (Date.now() - this.#connectedAt >= STEADY_MS) this.#failures = 0
    this.#recover(error, atOnce)
  }

  /** Plans the next attempt, unless there is no hope in one. */
  #recover(error: AgentServerError, atOnce = false): void {
    if (!this.#plan.mayRetry(error)) return this.#end(error)
    const isCutOff = isOffline() && this.#endpoint !== undefined && !isLoopback(this.#endpoint)
    const backoffMs = atOnce && this.#failures === 0 ? 0 : backoff(this.#failures)
    const retryInMs = Math.max(backoffMs, error.retryAfterMs ?? 0, isCutOff ? OFFLINE_MS : 0)
    this.#failures += 1
    this.#timer = setTimeout(() => this.#retry(error), retryInMs)
    this.#enter({ status: 'reconnecting', error, retryInMs })
  }

  #retry(lastError: AgentServerError): void {
    const attempt = new AbortController()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#attempt = attempt
    this.#enter({ status: 'reconnecting', error: lastError })
    void this.#try(attempt)
  }

  /** The network or the page came back or went: a connection has to prove itself, a wait is over. */
  #stir(): void {
    if (this.#channel !== undefined) return this.#pulse?.probe()
    const { error } = this.#state
    if (this.#timer === undefined || error === undefined || isOffline()) return
    this.#failures = 0
    this.#retry(error)
  }

  /** Leaves nothing running. */
  #end(error?: AgentServerError): void {
    const attempt = this.#attempt
    if (attempt === undefined) return
    clearTimeout(this.#timer)
    this.#unwatch()
    this.#pulse?.stop()
    this.#timer = this.#attempt = this.#channel = undefined
    attempt.abort(stoppedEarly())
    this.#enter(error === undefined ? { status: 'closed' } : { status: 'closed', error })
  }

  #enter(state: ConnectionState): void {
    this.#state = state
    this.states.emit(state)
  }
}
