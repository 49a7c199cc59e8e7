import {
  OWNER_TIMEOUT_MS,
  type AskCancelled,
  type DirectedAsk,
  type McpMessageDown,
} from '@claude-agent/protocol'

/** Where a client is spoken to. */
export interface Port {
  readonly isOpen: boolean
  say(frame: DirectedAsk | AskCancelled | McpMessageDown): void
}

/**
 * A client that serves: here, by one socket or several, or away, since when. What is for it goes to the socket on which it
 * registered last, so that of two processes with one secret the later one has it.
 */
export class Owner {
  /** The name of the client. */
  readonly client: string
  readonly #onExpire: () => void
  readonly #ports = new Set<Port>()
  #timeoutMs = OWNER_TIMEOUT_MS
  #timer: NodeJS.Timeout | undefined
  #isExpired = false

  /** @param onExpire it has been away for too long */
  constructor(client: string, timeoutMs: number | undefined, onExpire: () => void) {
    this.client = client
    this.#onExpire = onExpire
    this.#timeoutMs = timeoutMs ?? OWNER_TIMEOUT_MS
    this.#wait()
  }

  /** Where it is spoken to; undefined while it is away. */
  get port(): Port | undefined {
    return [...this.#ports].at(-1)
  }

  /** It has been away for so long that it is not waited for. */
  get isExpired(): boolean {
    return this.#isExpired
  }

  has(port: Port): boolean {
    return this.#ports.has(port)
  }

  /** How long it is waited for from here on, milliseconds. */
  setTimeout(timeoutMs: number | undefined): void {
    this.#timeoutMs = timeoutMs ?? OWNER_TIMEOUT_MS
  }

  /** It is here. */
  arrive(port: Port): void {
    clearTimeout(this.#timer)
    this.#isExpired = false
    this.#ports.delete(port)
    this.#ports.add(port)
  }

  /** A socket is gone; says whether it was the one that had everything. */
  leave(port: Port): boolean {
    const wasLatest = this.port === port
    const wasHere = this.#ports.delete(port)
    if (wasHere && this.#ports.size === 0) this.#wait()
    return wasLatest
  }

  /** It is not waited for any more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#isExpired = true
  }

  #wait(): void {
    const expire = (): void => {
      this.#isExpired = true
      this.#onExpire()
    }
    this.#timer = setTimeout(expire, this.#timeoutMs).unref()
  }
}
