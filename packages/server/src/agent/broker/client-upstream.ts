import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Carrier } from './carrier.ts'
import { refuse } from './refusal.ts'

/** How long a request waits for a client, and how many may. */
const WAIT_MS = 30_000
const MAX_WAITING = 100

/** A line whose last sign of life is older has to give one before it gets a request: it may be dead. */
const FRESH_MS = 5_000

/** A line to a client that makes requests to the model with its own key, one at a time. */
export interface ModelLine {
  /** When the client last gave a sign of life, by `performance.now()`. */
  readonly aliveAt: number
  /** Asks the client for a sign of life, which the line tells with `heard()`. */
  check(): void
  /** Has the client make a request. The line is free again when it is parked again. */
  carry(from: IncomingMessage, to: ServerResponse): void
}

interface Waiting {
  from: IncomingMessage
  to: ServerResponse
  timer: NodeJS.Timeout
}

/**
 * The way to the model by the clients that bring it: each request goes to one line that waits for one, or waits for a
 * line. It is given away once and never again: whether an answer began cannot be known of a client that died, and the
 * CLI repeats by itself what failed.
 */
export class ClientUpstream implements Carrier {
  readonly needsCredential = false
  readonly #waitMs: number
  readonly #parked = new Set<ModelLine>()
  readonly #waiting = new Set<Waiting>()

  constructor(waitMs = WAIT_MS) {
    this.#waitMs = waitMs
  }

  /** The line takes one request. */
  park(line: ModelLine): void {
    this.#parked.add(line)
    this.#serve()
  }

  /** The line is gone, or goes. */
  forget(line: ModelLine): void {
    this.#parked.delete(line)
  }

  /** A parked line gave a sign of life. */
  heard(): void {
    if (this.#waiting.size > 0) this.#serve()
  }

  forward(from: IncomingMessage, to: ServerResponse): void {
    if (this.#waiting.size >= MAX_WAITING) {
      from.resume()
      return refuse(to, 502, 'api_error', `${MAX_WAITING} requests wait for a client that brings the model.`)
    }
    const waiting: Waiting = { from, to, timer: setTimeout(() => this.#giveUp(waiting), this.#waitMs) }
    this.#waiting.add(waiting)
    to.once('close', () => this.#drop(waiting))
    this.#serve()
  }

  close(): void {
    for (const waiting of this.#waiting) {
      this.#drop(waiting)
      refuse(waiting.to, 502, 'api_error', 'the server is shutting down.')
    }
  }

  /** Gives requests to lines, the oldest request to the line that was alive last. */
  #serve(): void {
    for (const waiting of this.#waiting) {
      const line = this.#freshest()
      if (line === undefined) break
      this.#parked.delete(line)
      this.#drop(waiting)
      line.carry(waiting.from, waiting.to)
    }
    // Those that are left may be dead, or asleep: who answers gets what waits.
    if (this.#waiting.size > 0) for (const line of this.#parked) line.check()
  }

  #freshest(): ModelLine | undefined {
    let best: ModelLine | undefined
    for (const line of this.#parked) if (best === undefined || line.aliveAt > best.aliveAt) best = line
    return best !== undefined && performance.now() - best.aliveAt < FRESH_MS ? best : undefined
  }

  #giveUp(waiting: Waiting): void {
    this.#drop(waiting)
    waiting.from.resume()
    refuse(
      waiting.to,
      502,
      'api_error',
      `no client that brings the model is connected, none came within ${this.#waitMs / 1000} s. ` +
        'This server has no key (CLAUDE_AGENT_BROKER=client): connect one.',
    )
  }

  #drop(waiting: Waiting): void {
    clearTimeout(waiting.timer)
    this.#waiting.delete(waiting)
  }
}
