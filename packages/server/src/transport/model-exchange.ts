import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ModelDown, ModelResponse } from '@claude-agent/protocol'
import type { WebSocket } from 'ws'
import { withoutHopHeaders } from '../agent/broker/headers.ts'
import { refuse } from '../agent/broker/refusal.ts'

/** Bytes of a request's body that may wait for the client before the agent has to. */
const MAX_BUFFERED = 256 * 1024

/** Up to this size a body is with the client within seconds. Of a larger one it may be slow to take it, or to pass it on. */
const QUICK_BYTES = 256 * 1024

/** How much of a client's reason the agent is shown. */
const REASON_CHARS = 500

/** The line under an exchange. */
export interface ExchangeLine {
  socket: WebSocket
  raw: Duplex
}

/**
 * One request of an agent on the socket of a client, and its answer. It is over when both sides have said their last
 * word: the server `end` or `cancel`, the client `end` or `error`.
 */
export class ModelExchange {
  readonly #line: ExchangeLine
  readonly #from: IncomingMessage
  readonly #to: ServerResponse
  /** The body was sent, or is not wanted any more. */
  #isSent = false
  #isAnswered = false
  #hasBegun = false
  #isCancelled = false
  #sentBytes = 0

  constructor(id: string, line: ExchangeLine, from: IncomingMessage, to: ServerResponse) {
    this.#line = line
    this.#from = from
    this.#to = to
    const hasBody = from.method === 'POST'
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(withoutHopHeaders(from.headers))) headers[name] = String(value)
    if (!hasBody) delete headers['content-length']
    this.#say({ type: 'request', id, method: from.method ?? '', path: from.url ?? '', headers, hasBody })
    // The agent went away: nobody waits for the answer any more.
    to.once('close', () => this.#cancel())
    if (hasBody) this.#sendBody()
    else {
      from.resume()
      this.#isSent = true
    }
  }

  get isOver(): boolean {
    return this.#isSent && this.#isAnswered
  }

  /** Nobody waits for the client's last word but the line, for its next request. */
  get isCancelled(): boolean {
    return this.#isCancelled && !this.#isAnswered
  }

  /** The client has much to read, and reads nothing while the model's host does not take it. */
  get mayBeSilent(): boolean {
    return this.#sentBytes > QUICK_BYTES && !this.#hasBegun
  }

  /** The answer begins. False when it cannot: it began before. */
  begin({ status, headers }: ModelResponse): boolean {
    if (this.#hasBegun || this.#isAnswered) return false
    this.#hasBegun = true
    if (this.#isCancelled) return true
    if (status >= 300 && status < 400) {
      return this.#refuse(`the model's host answered ${status}; redirects are not followed.`)
    }
    try {
      this.#to.writeHead(status, withoutHopHeaders(headers))
      this.#to.flushHeaders()
    } catch {
      return this.#refuse('the client gave an answer with headers that HTTP does not know.')
    }
    return true
  }

  /** A part of the answer. False when none began. */
  write(bytes: Buffer): boolean {
    if (!this.#hasBegun || this.#isAnswered) return false
    const { socket } = this.#line
    if (this.#isCancelled || this.#to.write(bytes) || socket.isPaused) return true
    socket.pause()
    this.#to.once('drain', () => socket.resume())
    return true
  }

  /** The client's last word: the answer is whole, or `reason` says why it is not. False when it was said before. */
  end(reason?: string): boolean {
    if (this.#isAnswered) return false
    this.#isAnswered = true
    if (!this.#isSent) this.#stopBody()
    if (this.#isCancelled) return true
    if (reason === undefined && this.#hasBegun) this.#to.end()
    else this.#fail(reason ?? 'it gave no answer.')
    return true
  }

  /** The line is gone. An answer that was cut must look cut to the agent too, not ended. */
  lose(): void {
    if (this.#isAnswered) return
    this.#isAnswered = this.#isSent = true
    this.#from.off('data', this.#pass).resume()
    if (!this.#isCancelled) this.#fail('its connection was lost.')
  }

  #fail(reason: string): void {
    const text = reason.slice(0, REASON_CHARS)
    refuse(this.#to, 502, 'api_error', `the client that brings the model gave no answer: ${text}`)
  }

  /** Tells the agent what is wrong, and the client that its answer is not wanted. */
  #refuse(message: string): boolean {
    this.#cancel()
    refuse(this.#to, 502, 'api_error', message)
    return true
  }

  #cancel(): void {
    if (this.#isAnswered || this.#isCancelled) return
    this.#isCancelled = true
    this.#stopBody()
    if (this.#line.socket.isPaused) this.#line.socket.resume()
  }

  /** The rest of the body is not wanted: the client is told, the agent's bytes go nowhere. */
  #stopBody(): void {
    this.#isSent = true
    this.#from.off('data', this.#pass).resume()
    this.#say({ type: 'cancel' })
  }

  #sendBody(): void {
    this.#from.on('data', this.#pass)
    this.#from.once('end', () => {
      if (this.#isSent) return
      this.#isSent = true
      this.#say({ type: 'end' })
    })
  }

  /** Sends a part of the body; the agent waits while too much is under way. */
  readonly #pass = (chunk: Buffer): void => {
    const { socket, raw } = this.#line
    this.#sentBytes += chunk.length
    socket.send(chunk, { binary: true }, () => {
      if (raw.writableLength <= MAX_BUFFERED / 2) this.#from.resume()
    })
    if (raw.writableLength > MAX_BUFFERED) this.#from.pause()
  }

  #say(frame: ModelDown): void {
    this.#line.socket.send(JSON.stringify(frame))
  }
}
