import {
  isLogged,
  type EphemeralEvent,
  type LoggedEvent,
  type PlainDown,
  type SessionEvent,
  type Seq,
} from '@claude-agent/protocol'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Entry } from '../../log/entry.ts'
import type { Sink } from '../../log/reader.ts'
import { toTextFrame } from '../text-frame.ts'

/** Pause between two looks at a connection. */
const LOOK_MS = 2_500
/** Pause after which events are acknowledged, together with those that came meanwhile; the end of a turn is at once. */
const ACKNOWLEDGE_MS = 100
/** Pause after which a quiet client is asked for a sign of life. */
const PING_MS = 10_000
/** Silence after which a client is gone. */
const SILENCE_MS = 25_000

/**
 * The socket of the one client of the plain layer as a place for events. Pings carry how far the client was served,
 * so that its pongs acknowledge what it has received: pongs come back by themselves, in order, from every client.
 */
export class PlainSocket implements Sink {
  readonly #socket: WebSocket
  readonly #raw: Duplex
  readonly #onAcknowledged: (seq: Seq) => void
  readonly #timer: NodeJS.Timeout
  #sent: Seq
  #pinged: Seq
  #pingedAt = performance.now()
  #awaitsPong = false
  /** A result was sent since the last ping: many clients leave with that. */
  #isTurnOver = false
  #acknowledging: NodeJS.Timeout | undefined
  #aliveAt = performance.now()
  /** The messages that no pong has acknowledged yet. */
  #unacknowledged: { seq: Seq; uuid: string }[] = []
  /** The client lagged: partial messages stay away up to the next whole one. */
  #skipsPartials = false

  constructor(socket: WebSocket, raw: Duplex, after: Seq, onAcknowledged: (seq: Seq) => void) {
    this.#socket = socket
    this.#raw = raw
    this.#onAcknowledged = onAcknowledged
    this.#sent = this.#pinged = after
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
    socket.on('pong', (payload: Buffer) => this.#hearPong(Number(payload.toString())))
    socket.on('message', () => (this.#aliveAt = performance.now()))
    socket.once('close', (_: number, reason: Buffer) => {
      this.#hearGoodbye(reason.toString())
      clearInterval(this.#timer)
      clearTimeout(this.#acknowledging)
    })
  }

  get buffered(): number {
    return this.#socket.bufferedAmount
  }

  /** Sends a frame that is no event. */
  say(frame: PlainDown): void {
    this.#writeFrames(toTextFrame({ json: Buffer.from(JSON.stringify(frame)) }))
  }

  write(entries: readonly Entry[]): void {
    const frames: Buffer[] = []
    let isLoggedToo = false
    for (const entry of entries) {
      const { event } = entry
      if (isLogged(event)) isLoggedToo = true
      const json = isLogged(event) ? this.#hearLogged(event) : this.#hearLive(entry)
      if (json !== undefined) frames.push(...toTextFrame({ json }))
    }
    // One system call, and one wake of the client, for all of them.
    this.#raw.cork()
    this.#writeFrames(frames)
    if (isLoggedToo) this.#acknowledgeInTime()
    this.#raw.uncork()
  }

  /** A client that just came gets partial messages from here on. */
  caughtUp(): void {
    this.#skipsPartials = false
  }

  /** The log could not be read: the client had better come again. */
  failed(): void {
    this.say({ type: 'error', error: 'The event log could not be read.', code: 'internal' })
    this.#socket.close(1011, 'internal')
  }

  async drained(): Promise<void> {
    while (this.#socket.bufferedAmount > 0 && this.#socket.readyState === this.#socket.OPEN) {
      await new Promise<void>((resolve) => {
        // Resolves when this ping, and so all before it, was taken by the kernel.
        this.#socket.ping(String(this.#pinged), undefined, () => resolve())
        this.#socket.once('close', resolve)
      })
      this.#aliveAt = performance.now()
    }
  }

  /** What the client is told of a logged event. */
  #hearLogged(event: LoggedEvent): Buffer | undefined {
    this.#skipsPartials = false
    this.#sent = event.seq
    if (event.type === 'sdk_message') {
      const { type, uuid } = event.data as { type: string; uuid?: string }
      if (uuid !== undefined) this.#unacknowledged.push({ seq: event.seq, uuid })
      if (type === 'result') this.#isTurnOver = true
    }
    const frame = toFrame(event)
    return frame && Buffer.from(JSON.stringify(frame))
  }

  /** A live-only event is its own frame. */
  #hearLive({ event, json }: Entry): Buffer | undefined {
    // What was said so far cannot be told apart from what comes by the clients of this layer.
    if ((event as EphemeralEvent).replayed) this.#skipsPartials = true
    return this.#skipsPartials ? undefined : json
  }

  /** Past `ws`, which writes each of its frames in one go, so that nothing gets in between. */
  #writeFrames(frames: readonly Buffer[]): void {
    if (frames.length === 0 || this.#socket.readyState !== this.#socket.OPEN) return
    // What is held back here until all of it is there does not wait for the client.
    const waits = this.#socket.bufferedAmount > 0
    this.#raw.write(Buffer.concat(frames), (error) => this.#hasLeft(error, waits))
  }

  /** A slow client is not a dead one: what had to wait and then left shows that it reads. What left at once shows only
   * that the system took it. */
  #hasLeft(error: Error | null | undefined, waited: boolean): void {
    if (!error && waited) this.#aliveAt = performance.now()
  }

  #acknowledgeInTime(): void {
    if (this.#isTurnOver && !this.#awaitsPong) this.#ping()
    else this.#acknowledgeSoon()
  }

  /** Asks how far the client has come: not at once, while it has the messages themselves to deal with. */
  #acknowledgeSoon(): void {
    if (this.#awaitsPong || this.#acknowledging !== undefined) return
    this.#acknowledging = setTimeout(() => {
      this.#acknowledging = undefined
      if (!this.#awaitsPong) this.#ping()
    }, ACKNOWLEDGE_MS)
  }

  #ping(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#awaitsPong = true
    this.#isTurnOver = false
    this.#pinged = this.#sent
    this.#pingedAt = performance.now()
    this.#socket.ping(String(this.#sent))
  }

  #hearPong(seq: number): void {
    this.#aliveAt = performance.now()
    this.#awaitsPong = false
    if (!Number.isSafeInteger(seq) || seq < 0 || seq > this.#sent) return
    this.#acknowledge(seq)
    if (this.#sent > this.#pinged) this.#acknowledgeInTime()
  }

  /** A client of ours says with its close which message was the last that it has handed on. */
  #hearGoodbye(reason: string): void {
    const uuid = /^received (\S+)$/.exec(reason)?.[1]
    const last = this.#unacknowledged.findLast((message) => message.uuid === uuid)
    if (last !== undefined) this.#acknowledge(last.seq)
  }

  #acknowledge(seq: Seq): void {
    this.#unacknowledged = this.#unacknowledged.filter((message) => message.seq > seq)
    this.#onAcknowledged(seq)
  }

  #look(): void {
    const now = performance.now()
    if (now - this.#aliveAt > SILENCE_MS) this.#socket.terminate()
    else if (now - this.#pingedAt >= PING_MS) this.#ping()
  }
}

/** What the plain layer says of an event; nothing of most. */
function toFrame(event: SessionEvent): PlainDown | undefined {
  switch (event.type) {
    case 'sdk_message':
      return { type: 'sdk_message', data: event.data }
    case 'info':
      return { type: 'info', data: event.data }
    case 'error': {
      const { seq: _, at: __, ...error } = event
      return error
    }
    case 'agent_exited':
      // Nothing went wrong where the server itself ended it.
      if (event.reason !== undefined) return undefined
      return {
        type: 'error',
        error: `The agent ended: ${event.cause}`,
        code: 'agent_exited',
        hint: 'The next message starts it again and continues the conversation.',
      }
    default:
      return undefined
  }
}
