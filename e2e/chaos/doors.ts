import { call } from './call.ts'
import type { Random } from './random.ts'
import type { SocketReader } from './readers/socket-reader.ts'

export interface DoorsParts {
  session: string
  /** Ports by which the server is reached over HTTP, through networks that fail and directly. */
  ports: () => number[]
  sockets: readonly SocketReader[]
  random: Random
}

/** The ways into a session: its sockets and HTTP, one of them at random each time. */
export class Doors {
  readonly #parts: DoorsParts

  constructor(parts: DoorsParts) {
    this.#parts = parts
  }

  send(data: object): Promise<Record<string, unknown>> {
    return this.#by({ type: 'user_message', data }, 'POST', '/messages', { data })
  }

  cancel(uuid: string): Promise<Record<string, unknown>> {
    return this.#by({ type: 'cancel', uuid }, 'DELETE', `/messages/${uuid}`)
  }

  interrupt(): Promise<Record<string, unknown>> {
    return this.#by({ type: 'interrupt' }, 'POST', '/interrupt')
  }

  answer(ask: string, answer: object): Promise<Record<string, unknown>> {
    return this.#by({ type: 'answer', ask, ...answer }, 'POST', `/asks/${ask}`, answer)
  }

  /** The session as the server tells it. */
  info(): Promise<Record<string, unknown>> {
    return this.#call('GET', '')
  }

  #by(frame: object, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const { random, sockets } = this.#parts
    return random.chance(0.5) ? random.pick(sockets).request(frame) : this.#call(method, path, body)
  }

  #call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const { random, ports, session } = this.#parts
    return call(random.pick(ports()), method, `/sessions/${session}${path}`, body)
  }
}
