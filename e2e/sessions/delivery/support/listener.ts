import { once } from 'node:events'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Frame } from './frame.ts'
import { Heard } from './heard.ts'

/** A raw client of a session's socket. It knows nothing of our own client. */
export class Listener extends Heard {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #opened: Promise<unknown>

  constructor(url: string, headers: Record<string, string> = {}) {
    super()
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false, maxPayload: 0 })
    this.socket.on('error', () => {})
    this.#opened = Promise.race([once(this.socket, 'open'), once(this.socket, 'close')]).catch(() => {})
    this.socket.on('message', (data) => this.hear(JSON.parse((data as Buffer).toString('utf8')) as Frame))
    this.closed = new Promise((resolve) =>
      this.socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.end()
      }),
    )
  }

  async open(): Promise<void> {
    await this.#opened
  }

  /** Sends a text or bytes as they are, anything else as JSON. */
  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
  }

  /** Sends a prompt and gives what answers it: a `reply`, or an `error`. */
  async prompt(text: string, uuid: string = crypto.randomUUID()): Promise<Frame> {
    await this.open()
    const id = `prompt ${uuid} ${this.frames.length}`
    const data = { type: 'user', uuid, message: { role: 'user', content: text } }
    this.send({ type: 'user_message', id, data })
    return await this.find((frame) => frame.id === id)
  }

  /** Stops taking anything from the network, as a client that hangs. */
  stall(): void {
    this.#raw.pause()
  }

  goOn(): void {
    this.#raw.resume()
  }

  terminate(): void {
    this.socket.terminate()
  }

  get #raw(): Socket {
    return (this.socket as unknown as { _socket: Socket })._socket
  }
}
