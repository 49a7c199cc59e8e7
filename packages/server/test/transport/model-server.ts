import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ModelDown, ModelRequest, ModelUp } from '@claude-agent/protocol'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { Broker } from '../../src/agent/broker/broker.ts'
import { ClientUpstream } from '../../src/agent/broker/client-upstream.ts'
import { Access } from '../../src/transport/access.ts'
import { type ModelTiming, serveModelSocket } from '../../src/transport/model-socket.ts'
import { Upgrade } from '../../src/transport/upgrade.ts'
import { until } from '../support.ts'

export interface ModelServerSetup {
  token?: string
  timing?: Partial<ModelTiming>
  waitMs?: number
}

export interface ModelServer {
  readonly url: string
  readonly broker: Broker
  /** Makes a request as an agent does. */
  ask(path?: string, init?: RequestInit): Promise<Response>
  /** A client with a socket on `/model`; it is parked unless told otherwise. */
  bring(options?: { park?: boolean; autoPong?: boolean }): Promise<Bringer>
}

/** A broker whose requests leave by clients, and the sockets for those; all gone after the test. */
export async function startModelServer(setup: ModelServerSetup = {}): Promise<ModelServer> {
  const upstream = new ClientUpstream(setup.waitMs)
  const broker = await Broker.start(upstream)
  const server = createServer()
  const upgrade = new Upgrade({
    access: new Access({ token: setup.token, allowedHosts: [], allowedOrigins: [] }),
    maxFrameBytes: 1024 * 1024,
    maxConnections: 100,
    handlers: { '/model': (socket, _url, raw) => serveModelSocket(socket, raw, upstream, setup.timing) },
  })
  upgrade.attach(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    upgrade.close()
    server.close()
    await broker.close()
  })
  const { placeholder } = broker.grant(() => undefined)
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/model`
  return {
    url,
    broker,
    ask: (path = '/v1/messages', init = {}) =>
      fetch(broker.url + path, {
        method: 'POST',
        body: '{"a":1}',
        ...init,
        headers: { 'x-api-key': placeholder, ...(init.headers as Record<string, string>) },
      }),
    async bring({ park = true, autoPong = true } = {}) {
      const bringer = new Bringer(new WebSocket(url, { autoPong }))
      await bringer.take('connected')
      if (park) bringer.say({ type: 'park' })
      return bringer
    },
  }
}

/** A client's side of `/model`, frame by frame. */
export class Bringer {
  readonly socket: WebSocket
  readonly frames: ModelDown[] = []
  /** What came of bodies. */
  bytes = 0
  text = ''
  closed: { code: number; reason: string } | undefined
  raw!: Socket

  constructor(socket: WebSocket) {
    this.socket = socket
    onTestFinished(() => socket.terminate())
    socket.on('error', () => {})
    socket.on('upgrade', ({ socket: raw }) => (this.raw = raw))
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }))
    socket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) return void this.frames.push(JSON.parse(data.toString()) as ModelDown)
      this.bytes += data.length
      if (this.text.length < 1000) this.text += data.toString()
    })
  }

  say(frame: ModelUp): void {
    this.socket.send(JSON.stringify(frame))
  }

  /** A whole answer. */
  answer(text: string, status = 200, headers: Record<string, string> = {}): void {
    this.say({ type: 'response', status, headers })
    this.socket.send(Buffer.from(text))
    this.say({ type: 'end' })
  }

  /** The latest frame of a type, once there are `count`. */
  async take<Type extends ModelDown['type']>(
    type: Type,
    count = 1,
  ): Promise<Extract<ModelDown, { type: Type }>> {
    const found = (): ModelDown[] => this.frames.filter((frame) => frame.type === type)
    await until(`${count} frames '${type}'`, () => found().length >= count)
    return found()[count - 1] as Extract<ModelDown, { type: Type }>
  }

  async request(count = 1): Promise<ModelRequest> {
    return await this.take('request', count)
  }

  get requests(): number {
    return this.frames.filter(({ type }) => type === 'request').length
  }

  async gone(): Promise<{ code: number; reason: string }> {
    await until('the socket is closed', () => this.closed !== undefined)
    return this.closed!
  }
}
