import { AgentServerError, CLOSE_CODES, ERRORS, type PlainDown } from '@claude-agent/protocol'
import { plainUp } from '@claude-agent/protocol/schema'
import type { RawData, WebSocket } from 'ws'
import type { Session } from '../../session/session.ts'
import type { Seq } from '../../log/event.ts'
import { readFrame } from '../frame.ts'
import { PlainSocket } from './plain-socket.ts'

/**
 * `WS /ws`: the protocol of the predecessor over a session. One client at a time; what one client never acknowledged
 * is delivered to the next.
 */
export class PlainLayer {
  readonly #session: Session
  readonly #maxFrameBytes: number
  #client: WebSocket | undefined
  #acknowledged: Seq = 0

  constructor(session: Session, maxFrameBytes: number) {
    this.#session = session
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Gives the slot to a socket that may speak, or turns it away when another holds it. */
  serve(socket: WebSocket): void {
    if (this.#client !== undefined) return turnAway(socket)
    this.#client = socket
    const client = new PlainSocket(socket, this.#acknowledged, (seq) => {
      this.#acknowledged = Math.max(this.#acknowledged, seq)
    })
    client.say({ type: 'connected' })
    const reader = this.#session.feed.attach(client, this.#acknowledged)
    socket.on('message', (data, isBinary) => this.#hear(client, data, isBinary))
    socket.once('close', () => {
      reader.stop()
      this.#client = undefined
    })
    this.#session.warm()
  }

  /** Tells the client that the server goes, so that it comes back later. */
  close(): void {
    this.#client?.close(1012, CLOSE_CODES[1012].name)
  }

  #hear(client: PlainSocket, data: RawData, isBinary: boolean): void {
    try {
      const frame = readFrame(plainUp, data, isBinary, this.#maxFrameBytes)
      if (frame.type === 'user_message') this.#session.send(frame.data as never)
      else if (frame.type === 'interrupt') this.#session.interrupt()
    } catch (error) {
      client.say(errorFrame(error))
    }
  }
}

function turnAway(socket: WebSocket): void {
  const error = new AgentServerError({
    code: 'already_connected',
    message: 'Server already has an active connection',
    hint: 'Close the other client, or try again later.',
    retryAfterMs: 5000,
  })
  socket.send(JSON.stringify(errorFrame(error)))
  socket.close(ERRORS.already_connected.close, 'already_connected')
}

/** An error as a frame; a fault of our own is told without its insides. */
function errorFrame(error: unknown): PlainDown {
  if (error instanceof AgentServerError) return { type: 'error', ...error.toJSON() }
  return { type: 'error', error: 'A fault in the server.', code: 'internal' }
}
