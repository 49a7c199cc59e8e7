import type { Duplex } from 'node:stream'
import { AgentServerError, CLOSE_CODES, ERRORS, type PlainDown, type Seq } from '@claude-agent/protocol'
import { plainUp } from '@claude-agent/protocol/schema'
import type { RawData, WebSocket } from 'ws'
import type { PlainConversation } from '../../session/plain-conversation.ts'
import type { Session } from '../../session/session.ts'
import { readFrame } from '../frame.ts'
import { PlainSocket } from './plain-socket.ts'

/**
 * `WS /ws`: the protocol of the predecessor over a session. One client at a time; what one client never acknowledged
 * is delivered to the next.
 */
export class PlainLayer {
  readonly #conversation: PlainConversation
  readonly #maxFrameBytes: number
  #client: WebSocket | undefined
  #acknowledged: Seq = 0

  constructor(conversation: PlainConversation, maxFrameBytes: number) {
    this.#conversation = conversation
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Gives the slot to a socket that may speak, or turns it away when another holds it. Never rejects. */
  async serve(socket: WebSocket, raw: Duplex): Promise<void> {
    if (this.#client !== undefined) return turnAway(socket)
    this.#client = socket
    const client = new PlainSocket(socket, raw, this.#acknowledged, (seq) => {
      this.#acknowledged = Math.max(this.#acknowledged, seq)
    })
    const opening = this.#conversation.open()
    // Frames that come early wait for the session, in their order.
    let turn: Promise<unknown> = opening
    socket.on('message', (data, isBinary) => {
      turn = turn.then(async () => this.#hear(await opening, client, data, isBinary)).catch(() => {})
    })
    const leave = (): void => {
      if (this.#client === socket) this.#client = undefined
    }
    // Of one at fault nothing is heard any more, though it may take a while to go.
    socket.once('error', leave).once('close', leave)
    try {
      const session = await opening
      client.say({ type: 'connected' })
      const reader = session.feed.attach(client, this.#acknowledged)
      socket.once('close', () => reader.stop())
      if (socket.readyState !== socket.OPEN) reader.stop()
      session.warm()
    } catch (error) {
      client.say(errorFrame(error))
      socket.close(1011, 'internal')
    }
  }

  /** Tells the client that the server goes, so that it comes back later. */
  close(): void {
    this.#client?.close(1012, CLOSE_CODES[1012].name)
  }

  #hear(session: Session, client: PlainSocket, data: RawData, isBinary: boolean): void {
    const tell = (error: unknown): void => client.say(errorFrame(error))
    try {
      const frame = readFrame(plainUp, data, isBinary, this.#maxFrameBytes)
      if (frame.type === 'user_message') session.send(frame.data as never).catch(tell)
      else if (frame.type === 'interrupt') session.interrupt()
    } catch (error) {
      tell(error)
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
