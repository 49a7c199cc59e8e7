import type { PlainDown } from '@claude-agent/protocol'
import { Listeners } from './listeners.ts'
import { Redelivery, uuidOf } from './redelivery.ts'

/** How many messages wait for the first handler; beyond it the oldest goes. */
const HELD_LIMIT = 10_000

/**
 * The way of a message from the connection to the handlers: repeats are dropped; what comes before the client may
 * send, or before the first handler is there, waits. Once a handler was there, a message without handlers is gone.
 */
export class Delivery {
  readonly #listeners = new Listeners<PlainDown>('message')
  readonly #redelivery = new Redelivery()
  #held: PlainDown[] = []
  #open = false
  #received: string | undefined
  #awaited = true

  /** Registers a handler. What waited for the first one comes in a microtask of its own, after this returns. */
  add(handler: (message: PlainDown) => void): () => void {
    const remove = this.#listeners.add(handler)
    queueMicrotask(() => {
      if (this.#listeners.size === 0) return
      this.#awaited = false
      this.#flush()
    })
    return remove
  }

  /** Takes one message from the server. */
  push(message: PlainDown): void {
    if (this.#redelivery.isRepeat(message)) return
    if (this.#open && !this.#awaited && this.#held.length === 0) return this.#handOn(message)
    if (this.#held.push(message) > HELD_LIMIT) this.#held.shift()
  }

  /** The uuid of the last whole message that was handed on, and so of all before it. */
  get received(): string | undefined {
    return this.#received
  }

  /** Keeps messages back from now on. */
  hold(): void {
    this.#open = false
  }

  /** Hands on what waited, and from now on each message at once. */
  release(): void {
    this.#open = true
    this.#flush()
  }

  #handOn(message: PlainDown): void {
    // Before the handlers: one of them may end the connection.
    this.#received = uuidOf(message) ?? this.#received
    this.#listeners.emit(message)
  }

  #flush(): void {
    while (this.#open && !this.#awaited) {
      const message = this.#held.shift()
      if (message === undefined) return
      this.#handOn(message)
    }
  }
}
