import { AgentServerError, ERRORS, type PlainDown } from '@claude-agent/protocol'
import { backoff } from './backoff.ts'
import { type Channel, openChannel } from './channel.ts'
import type { Delivery } from './delivery.ts'
import type { Endpoint } from './endpoint.ts'
import { stoppedEarly, tooSlow } from './failure.ts'
import { Listeners } from './listeners.ts'
import type { ConnectionState } from './types.ts'

/** A connection that held this long was a good one: the next drop starts the backoff anew. */
const STEADY_MS = 5_000

export interface ConnectionPlan {
  /** Where to connect; asked at each attempt. */
  locate(): Endpoint
  /** Runs on a socket that the server has accepted, before the connection counts as made. */
  prepare(endpoint: Endpoint, signal: AbortSignal): Promise<void> | undefined
  /** Takes every message; it holds them back while the connection is not made. */
  delivery: Delivery
  reconnect: boolean
  attemptMs: number
  silenceMs: number
}

/** The one connection of a client to `WS /ws`: it is made by `start()`, comes back after a drop, and ends with `stop()`. */
export class Connection {
  readonly states = new Listeners<ConnectionState>('state')
  readonly #plan: ConnectionPlan
  #state: ConnectionState = { status: 'closed' }
  #channel: Channel | undefined
  #started: Promise<void> | undefined
  #attempt: AbortController | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #connectedAt = 0

  constructor(plan: ConnectionPlan) {
    this.#plan = plan
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Connects; while started it gives back the same promise. */
  start(): Promise<void> {
    if (this.#started !== undefined) return this.#started
    const attempt = new AbortController()
    this.#failures = 0
    this.#attempt = attempt
    const started = this.#begin(attempt)
    this.#started = started
    this.#enter({ status: 'connecting' })
    return started
  }

  /** Sends one frame. */
  send(text: string): void {
    if (this.#channel?.send(text) !== true) {
      throw new AgentServerError({
        code: 'not_connected',
        message: 'WebSocket is not connected',
        hint: 'Await start() first; while the state is ‘reconnecting’, send again once it is ‘connected’.',
      })
    }
  }

  /** Ends the connection, the attempt to make it, or the wait for the next attempt. */
  async stop(): Promise<void> {
    const channel = this.#channel
    const { received } = this.#plan.delivery
    this.#end()
    // What was handed on need not come again to the next client.
    await channel?.close(received === undefined ? undefined : `received ${received}`)
  }

  async #begin(attempt: AbortController): Promise<void> {
    try {
      await this.#connect(attempt)
    } catch (error) {
      if (this.#attempt === attempt) this.#end(error as AgentServerError)
      throw error
    }
  }

  /** One attempt. It is over when its controller is aborted: by its deadline, a drop or `stop()`. */
  async #connect(attempt: AbortController): Promise<void> {
    const { signal } = attempt
    let channel: Channel | undefined
    const plan = this.#plan
    let deadline: ReturnType<typeof setTimeout> | undefined
    try {
      const endpoint = plan.locate()
      deadline = setTimeout(() => attempt.abort(tooSlow(endpoint, plan.attemptMs)), plan.attemptMs)
      channel = await openChannel({
        endpoint,
        path: '/ws',
        accept: 'connected',
        silenceMs: plan.silenceMs,
        signal,
        onFrame: (frame) => plan.delivery.push(frame as PlainDown),
        onEnd: (error) =>
          this.#attempt === attempt && this.#channel ? this.#drop(error) : attempt.abort(error),
      })
      await plan.prepare(endpoint, signal)
      signal.throwIfAborted()
    } catch (error) {
      channel?.abort()
      throw error
    } finally {
      clearTimeout(deadline)
    }
    this.#channel = channel
    this.#connectedAt = Date.now()
    this.#enter({ status: 'connected' })
    if (this.#channel === channel) plan.delivery.release()
  }

  /** An open connection was lost. */
  #drop(error: AgentServerError): void {
    this.#channel = undefined
    this.#plan.delivery.hold()
    if (Date.now() - this.#connectedAt >= STEADY_MS) this.#failures = 0
    this.#recover(error)
  }

  /** Plans the next attempt, unless there is no hope in one. */
  #recover(error: AgentServerError): void {
    if (!this.#plan.reconnect || !ERRORS[error.code].retry) return this.#end(error)
    const retryInMs = Math.max(backoff(this.#failures), error.retryAfterMs ?? 0)
    this.#failures += 1
    this.#timer = setTimeout(() => void this.#retry(error), retryInMs)
    this.#enter({ status: 'reconnecting', error, retryInMs })
  }

  async #retry(lastError: AgentServerError): Promise<void> {
    const attempt = new AbortController()
    this.#attempt = attempt
    this.#enter({ status: 'reconnecting', error: lastError })
    if (this.#attempt !== attempt) return
    try {
      await this.#connect(attempt)
    } catch (error) {
      if (this.#attempt === attempt) this.#recover(error as AgentServerError)
    }
  }

  /** Leaves nothing running. */
  #end(error?: AgentServerError): void {
    const attempt = this.#attempt
    const wasStarted = this.#started !== undefined
    clearTimeout(this.#timer)
    this.#plan.delivery.hold()
    this.#attempt = undefined
    this.#channel = undefined
    this.#started = undefined
    attempt?.abort(stoppedEarly())
    if (wasStarted) this.#enter(error === undefined ? { status: 'closed' } : { status: 'closed', error })
  }

  #enter(state: ConnectionState): void {
    this.#state = state
    this.states.emit(state)
  }
}
