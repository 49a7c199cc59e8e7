import { once } from 'node:events'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Frame, SdkMessage } from './frame.ts'
import { userMessage } from './messages.ts'

export interface Closing {
  code: number
  reason: string
}

/**
 * A raw WebSocket client: what came, in order, and a reader's place in it. It knows nothing of our own client.
 * Frames are read once: `next` goes on behind the frame that it gave last.
 */
export class Client {
  readonly socket: WebSocket
  readonly frames: Frame[] = []
  readonly closed: Promise<Closing>
  #place = 0
  #heard: (() => void)[] = []

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false, maxPayload: 0 })
    this.socket.on('error', () => {})
    this.socket.on('message', (data) => {
      this.frames.push(JSON.parse((data as Buffer).toString('utf8')) as Frame)
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.#wake()
      })
    })
  }

  /** Resolves when the socket is open. */
  async open(): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, 'open')
  }

  /** Sends a text as it is, bytes as a binary frame, and anything else as JSON. */
  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
  }

  /** Sends a prompt as the README shows it. */
  prompt(text: string, fields: object = {}): void {
    this.send(userMessage(text, fields))
  }

  /** The next frame that fits, behind those that were read already. */
  async next(wanted: (frame: Frame) => boolean, timeoutMs = 45_000): Promise<Frame> {
    const end = Date.now() + timeoutMs
    for (;;) {
      while (this.#place < this.frames.length) {
        const frame = this.frames[this.#place++]!
        if (wanted(frame)) return frame
      }
      const left = end - Date.now()
      if (left <= 0 || this.socket.readyState === WebSocket.CLOSED) throw this.#missing(wanted, left)
      await this.#more(left)
    }
  }

  /** The data of the next message of the SDK of this type. */
  async sdk(type: string, timeoutMs?: number): Promise<SdkMessage> {
    const { data } = await this.next(({ data: one }) => one?.type === type, timeoutMs)
    return data!
  }

  /** The next `result` of a turn. */
  async result(timeoutMs?: number): Promise<SdkMessage> {
    return await this.sdk('result', timeoutMs)
  }

  /** The next error frame. */
  async error(timeoutMs?: number): Promise<Frame> {
    return await this.next((frame) => frame.type === 'error', timeoutMs)
  }

  /** Every message of the SDK that came so far. */
  messages(): SdkMessage[] {
    return this.frames.flatMap(({ type, data }) => (type === 'sdk_message' ? [data!] : []))
  }

  /** Stops reading from the network, as a client that hangs. */
  pause(): void {
    this.#raw.pause()
  }

  resume(): void {
    this.#raw.resume()
  }

  async close(): Promise<Closing> {
    this.socket.close()
    return await this.closed
  }

  terminate(): void {
    this.socket.terminate()
  }

  get #raw(): Socket {
    return (this.socket as unknown as { _socket: Socket })._socket
  }

  #wake(): void {
    for (const go of this.#heard.splice(0)) go()
  }

  async #more(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#heard.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #missing(wanted: (frame: Frame) => boolean, left: number): Error {
    const seen = this.frames.slice(-12).map((frame) => JSON.stringify(frame).slice(0, 240))
    const why = left <= 0 ? 'in time' : 'before the socket closed'
    return new Error(`No frame came ${why} that fits ${String(wanted)}. The last ones:\n${seen.join('\n')}`)
  }
}
