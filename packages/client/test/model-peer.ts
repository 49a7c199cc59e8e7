import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AgentServerError, ModelRequest, ModelUp } from '@claude-agent/protocol'
import { onTestFinished } from 'vitest'
import type { WebSocket } from 'ws'
import { serveModel, type ServeModelOptions } from '../src/index.ts'
import { say, startPeer, until } from './peer.ts'

export const KEY = 'sk-of-the-client'

/** The model's host: what it was asked, and as whom. */
export interface Host {
  url: string
  seen: IncomingMessage[]
}

export async function startHost(listener: RequestListener): Promise<Host> {
  const seen: IncomingMessage[] = []
  const server = createServer((from, to) => {
    seen.push(from)
    listener(from, to)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`, seen }
}

/** An address where nothing listens any more. */
export async function unreachable(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

/** One socket that a client parked, from the server's side. */
class Parked {
  readonly socket: WebSocket
  readonly frames: ModelUp[] = []
  text = ''

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.text += data.toString()
      else this.frames.push(JSON.parse(data.toString()) as ModelUp)
    })
    say(socket, { type: 'connected' })
  }

  ask(request: Partial<ModelRequest> = {}, body?: string): void {
    const hasBody = body !== undefined
    const whole = { id: '1', method: 'POST', path: '/v1/messages', headers: {}, hasBody, ...request }
    say(this.socket, { type: 'request', ...whole })
    if (body === undefined) return
    this.socket.send(Buffer.from(body))
    say(this.socket, { type: 'end' })
  }

  /** The latest frame of a type, once there are `count`. */
  async take<Type extends ModelUp['type']>(type: Type, count = 1): Promise<Extract<ModelUp, { type: Type }>> {
    const found = (): ModelUp[] => this.frames.filter((frame) => frame.type === type)
    await until(() => found().length >= count)
    return found()[count - 1] as Extract<ModelUp, { type: Type }>
  }
}

export interface Serving {
  /** Every socket that ever came, the oldest first. */
  parked: Parked[]
  /** Those that are open. */
  open: () => number
  errors: AgentServerError[]
  close(): Promise<void>
  first(): Promise<Parked>
}

/** A server's side that plays any part, and a client that brings the model to it. */
export async function startServing(
  host: Host | string,
  options: Partial<ServeModelOptions> = {},
): Promise<Serving> {
  const parked: Parked[] = []
  const peer = await startPeer({ onSocket: (socket) => void parked.push(new Parked(socket)) })
  const errors: AgentServerError[] = []
  const service = serveModel({
    endpoint: { url: peer.url },
    baseUrl: typeof host === 'string' ? host : host.url,
    ...('authToken' in options ? {} : { apiKey: KEY }),
    onError: (error) => errors.push(error),
    ...options,
  })
  onTestFinished(() => service.close())
  return {
    parked,
    open: () => peer.sockets.length,
    errors,
    close: () => service.close(),
    async first() {
      await until(() => parked.length > 0)
      await parked[0]!.take('park')
      return parked[0]!
    },
  }
}
