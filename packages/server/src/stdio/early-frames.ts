import type { RawData, WebSocket } from 'ws'

type Hear = (data: Buffer, isBinary: boolean) => void
type Frame = [data: Buffer, isBinary: boolean]

/** Bytes that are kept before nothing more is read. */
const MAX_KEPT = 1024 * 1024

/** Keeps the frames of a socket that come before somebody is there to hear them. */
export class EarlyFrames {
  readonly #socket: WebSocket
  readonly #kept: Frame[] = []
  #size = 0
  #waiting: ((frame: Frame | undefined) => void) | undefined

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', this.#keep)
    socket.once('close', () => this.#waiting?.(undefined))
  }

  readonly #keep = (data: RawData, isBinary: boolean): void => {
    const frame: Frame = [data as Buffer, isBinary]
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) return waiting(frame)
    this.#kept.push(frame)
    this.#size += frame[0].length
    if (this.#size > MAX_KEPT) this.#socket.pause()
  }

  /** The first frame; undefined when the socket closes before. */
  async next(): Promise<Frame | undefined> {
    const kept = this.#kept.shift()
    if (kept !== undefined) return kept
    if (this.#socket.readyState !== this.#socket.OPEN) return undefined
    return await new Promise((resolve) => (this.#waiting = resolve))
  }

  /** From now on frames are heard by `hear`, those that were kept first. */
  handOver(hear: Hear): void {
    this.#socket.off('message', this.#keep)
    for (const [data, isBinary] of this.#kept.splice(0)) hear(data, isBinary)
    this.#socket.on('message', (data, isBinary) => hear(data as Buffer, isBinary))
    if (this.#size > MAX_KEPT) this.#socket.resume()
  }
}
