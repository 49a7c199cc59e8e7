import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { Frames } from './frames.mjs'

const TEXT = 1
const CLOSE = 8
const PING = 9
const SEQ = Buffer.from('{"seq":')
const CAUGHT_UP = Buffer.from('{"type":"caught_up"')
const GAP = Buffer.from('{"type":"gap"')
const STAMP = Buffer.from('"benchYieldedAt":"')
const ZERO = 0x30

/**
 * A reader of a session that costs next to nothing, so that a hundred of them leave the cores to the server: it takes
 * no event apart, but for its number, whose order it checks, and the moment at which the SDK yielded it.
 */
export class SocketReader {
  /** Resolves when everything that was there has come. */
  caughtUp
  /** Numbered events that came. */
  events = 0
  #socket
  #frames = new Frames()
  #last = 0
  #onEvent = () => {}
  #onDelay
  #fail = () => {}

  /** Resolves when it is connected. `onDelay` gets milliseconds since the yield of each live-only event. */
  static async open({ url, session, after, onDelay }) {
    const reader = new SocketReader()
    reader.#onDelay = onDelay
    await reader.#connect(
      new URL(`/sessions/${session}/ws${after === undefined ? '' : `?after=${after}`}`, url),
    )
    return reader
  }

  /** Resolves when it has so many numbered events. */
  async reach(count) {
    await new Promise((resolve, reject) => {
      this.#fail = reject
      this.#onEvent = () => this.events >= count && resolve()
      this.#onEvent()
    })
  }

  close() {
    this.#fail = () => {}
    this.#socket.destroy()
  }

  async #connect(url) {
    const { socket, head } = await upgrade(url)
    this.#socket = socket.setNoDelay(true)
    let tellCaughtUp
    this.caughtUp = new Promise((resolve, reject) => {
      tellCaughtUp = resolve
      this.#fail = reject
    })
    const hear = (opcode, payload) => {
      if (opcode === TEXT) this.#hear(payload, tellCaughtUp)
      else if (opcode === PING) socket.write(pong(payload))
      else if (opcode === CLOSE) this.#fail(new Error(`The server closed: ${payload.subarray(2)}`))
    }
    const take = (chunk) => this.#frames.take(chunk, hear)
    socket.on('data', take)
    socket.on('error', (error) => this.#fail(error))
    socket.once('close', () => this.#fail(new Error('The connection was lost.')))
    take(head)
  }

  #hear(payload, tellCaughtUp) {
    if (startsWith(payload, SEQ)) {
      const seq = numberAt(payload, SEQ.length)
      if (this.#last !== 0 && seq !== this.#last + 1)
        this.#fail(new Error(`Event ${seq} came after ${this.#last}.`))
      this.#last = seq
      this.events += 1
      this.#onEvent()
    } else if (startsWith(payload, CAUGHT_UP)) tellCaughtUp()
    else if (startsWith(payload, GAP)) this.#fail(new Error('There is a gap.'))
    else if (this.#onDelay !== undefined) {
      const at = payload.lastIndexOf(STAMP)
      if (at === -1) return
      const yieldedAt = numberAt(payload, at + STAMP.length)
      this.#onDelay((Number(process.hrtime.bigint()) - yieldedAt) / 1e6)
    }
  }
}

function upgrade(url) {
  return new Promise((resolve, reject) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    }
    const asked = request(url, { headers, agent: false })
    asked.once('upgrade', (_, socket, head) => resolve({ socket, head }))
    asked.once('response', ({ statusCode }) =>
      reject(new Error(`The upgrade was answered with ${statusCode}.`)),
    )
    asked.once('error', reject)
    asked.end()
  })
}

/** The answer to a ping: masked, as a client's frames are, with a mask of zeros. */
function pong(payload) {
  return Buffer.concat([Buffer.from([0x8a, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

function startsWith(payload, beginning) {
  return payload.length >= beginning.length && beginning.compare(payload, 0, beginning.length) === 0
}

function numberAt(payload, start) {
  let value = 0
  for (let at = start; at < payload.length; at += 1) {
    const digit = payload[at] - ZERO
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  return value
}
