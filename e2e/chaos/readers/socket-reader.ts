import type { SessionDown } from '@claude-agent/protocol'
import { WebSocket } from 'ws'
import { Dropped, Refused } from '../call.ts'
import { Reader } from './reader.ts'

/** What a reply may take. */
const REPLY_MS = 10_000

interface Waiting {
  resolve: (result: Record<string, unknown>) => void
  reject: (error: Error) => void
}

/** Reads by socket, and speaks on it. */
export class SocketReader extends Reader {
  readonly #waiting = new Map<string, Waiting>()
  #socket: WebSocket | undefined
  #ids = 0

  /** Sends a frame and waits for its reply. @throws Refused, Dropped */
  async request(frame: object): Promise<Record<string, unknown>> {
    const socket = this.#socket
    if (socket?.readyState !== WebSocket.OPEN) throw new Dropped('no socket')
    const id = `${this.parts.ledger.name}-${++this.#ids}`
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id)?.reject(new Dropped('no reply in time')), REPLY_MS)
      this.#waiting.set(id, {
        resolve: (result) => (clearTimeout(timer), resolve(result)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      })
      socket.send(JSON.stringify({ ...frame, id }))
    })
  }

  abandon(): void {
    this.#socket?.terminate()
  }

  protected async readOnce(): Promise<void> {
    const { ledger, network, session } = this.parts
    const after = ledger.cursor === undefined ? '' : `&after=${ledger.cursor}`
    const url = `ws://127.0.0.1:${network.port}/sessions/${session}/ws?client=${ledger.name}${after}`
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0, handshakeTimeout: 10_000 })
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('message', (data) => {
      if (this.#socket === socket && socket.readyState === WebSocket.OPEN)
        this.#hear(JSON.parse((data as Buffer).toString('utf8')) as SessionDown)
    })
    await new Promise<void>((resolve) => socket.once('close', () => resolve()))
    for (const id of this.#waiting.keys()) this.#settle(id)?.reject(new Dropped('the socket closed'))
  }

  #hear(frame: SessionDown): void {
    if (frame.type === 'connected') this.parts.ledger.at(frame.log)
    else if (frame.type === 'reply') this.#settle(frame.id)?.resolve(frame.result as Record<string, unknown>)
    else if (frame.type === 'error' && 'id' in frame && frame.id !== undefined)
      this.#settle(frame.id)?.reject(new Refused(frame.code, frame.error))
    else this.parts.ledger.hear(frame)
  }

  #settle(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }
}
