import { AgentServerError, ERRORS, type PlainDown } from '@claude-agent/protocol'
import type { Delivery } from './delivery.ts'
import { stoppedEarly } from './failure.ts'
import type { Listeners } from './listeners.ts'
import { Line, type LinePlan } from './line.ts'
import type { ConnectionState } from './types.ts'

export interface ConnectionPlan extends Pick<LinePlan, 'locate' | 'prepare' | 'attemptMs' | 'silenceMs'> {
  /** Takes every message; it holds them back while the connection is not made. */
  delivery: Delivery
  reconnect: boolean
  /** Whether a connection that was there once is worth another attempt after an error. @default what its code says */
  mayRetry?: (error: AgentServerError) => boolean
}

/** Somebody who waits for the end of `start()`. */
interface Starting {
  promise: Promise<void>
  resolve(): void
  reject(error: AgentServerError): void
}

/** The one connection of a client to `WS /ws`: it is made by `start()`, comes back after a drop, and ends with `stop()`. */
export class Connection {
  readonly #delivery: Delivery
  readonly #line: Line
  #starting: Starting | undefined
  #wasConnected = false

  constructor({ delivery, reconnect, mayRetry = isRetried, ...plan }: ConnectionPlan) {
    this.#delivery = delivery
    this.#line = new Line({
      ...plan,
      path: '/ws',
      onFrame: (frame) => delivery.push(frame as PlainDown),
      onUp: () => {
        delivery.release()
        this.#starting?.resolve()
      },
      // The first attempt fails for whoever called start().
      mayRetry: (error) => reconnect && this.#wasConnected && mayRetry(error),
    })
    // Registered first: what the handlers of the application find is in order.
    this.#line.states.add((state) => this.#follow(state))
  }

  get state(): ConnectionState {
    return this.#line.state
  }

  get states(): Listeners<ConnectionState> {
    return this.#line.states
  }

  /** Connects; while started it gives back the same promise. */
  start(): Promise<void> {
    if (this.#starting !== undefined) return this.#starting.promise
    const starting = createStarting()
    this.#starting = starting
    this.#line.open()
    return starting.promise
  }

  /** Sends one frame. */
  send(text: string): void {
    if (this.#line.send(text)) return
    throw new AgentServerError({
      code: 'not_connected',
      message: 'WebSocket is not connected',
      hint: 'Await start() first; while the state is ‘reconnecting’, send again once it is ‘connected’.',
    })
  }

  /** The server turned out to be gone: a connection is made anew. */
  renew(error: AgentServerError): void {
    this.#line.renew(error)
  }

  /** Ends the connection, the attempt to make it, or the wait for the next attempt. */
  stop(): Promise<void> {
    const { received } = this.#delivery
    // What was handed on need not come again to the next client.
    return this.#line.close(received === undefined ? undefined : `received ${received}`)
  }

  #follow({ status, error }: ConnectionState): void {
    this.#wasConnected ||= status === 'connected'
    if (status !== 'connected') this.#delivery.hold()
    if (status !== 'closed') return
    const starting = this.#starting
    this.#starting = undefined
    this.#wasConnected = false
    starting?.reject(error ?? stoppedEarly())
  }
}

/** Whether trying again can help. */
export function isRetried({ code }: AgentServerError): boolean {
  return ERRORS[code].retry
}

function createStarting(): Starting {
  const starting: Partial<Starting> = {}
  starting.promise = new Promise((resolve, reject) => Object.assign(starting, { resolve, reject }))
  return starting as Starting
}
