import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'

/** What a peer does; what it leaves out it does as a well-behaved server without a token. */
export interface PeerBehaviour {
  onHttp?(request: IncomingMessage, response: ServerResponse, body: Buffer): void
  /** Before the upgrade: answers in HTTP and returns true, or lets it happen. */
  onUpgrade?(request: IncomingMessage, socket: Duplex): boolean
  onSocket?(socket: WebSocket, request: IncomingMessage): void
  autoPong?: boolean
  port?: number
}

/** A real HTTP and WebSocket server on loopback, for what the product's own server never does. */
export interface Peer {
  readonly url: string
  readonly port: number
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers']; body: Buffer }[]
  /** The open WebSockets, oldest first. */
  readonly sockets: WebSocket[]
  /** Every WebSocket that was ever opened. */
  upgrades: number
  readonly frames: unknown[]
  close(): Promise<void>
}

/** Starts a peer; it is closed when the test ends, however it ends. */
export async function startPeer(behaviour: PeerBehaviour = {}): Promise<Peer> {
  const lines = new Set<Socket>()
  const webSockets = new WebSocketServer({ noServer: true, autoPong: behaviour.autoPong ?? true })
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const { method = '', url = '', headers } = request
      peer.requests.push({ method, url, headers, body })
      if (behaviour.onHttp !== undefined) return behaviour.onHttp(request, response, body)
      json(response, 200, url.startsWith('/config') ? { success: true, config: {}, applies: 'now' } : {})
    })
  })
  server.on('connection', (line) => {
    lines.add(line)
    line.on('close', () => lines.delete(line))
  })
  server.on('upgrade', (request, line, head) => {
    if (behaviour.onUpgrade?.(request, line) === true) return
    webSockets.handleUpgrade(request, line, head, (socket) => {
      peer.upgrades += 1
      peer.sockets.push(socket)
      socket.on('message', (data, isBinary) => isBinary || peer.frames.push(parseFrame(data)))
      socket.on('close', () => peer.sockets.splice(peer.sockets.indexOf(socket), 1))
      if (behaviour.onSocket !== undefined) behaviour.onSocket(socket, request)
      else say(socket, { type: 'connected' })
    })
  })
  await new Promise<void>((resolve) => server.listen(behaviour.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  let closed: Promise<void> | undefined
  const peer: Peer = {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: [],
    sockets: [],
    upgrades: 0,
    frames: [],
    close() {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve())
        for (const line of lines) line.destroy()
      })
      return closed
    },
  }
  onTestFinished(() => peer.close())
  return peer
}

/** The JSON of a text frame. */
export function parseFrame(data: RawData): unknown {
  return JSON.parse((data as Buffer).toString('utf8'))
}

/** Sends frames. */
export function say(socket: WebSocket | undefined, ...frames: unknown[]): void {
  for (const frame of frames) socket?.send(JSON.stringify(frame))
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Answers an upgrade in HTTP. */
export function refuseUpgrade(socket: Duplex, status: number, contentType: string, body: string): true {
  socket.end(
    `HTTP/1.1 ${status} No\r\nContent-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
  return true
}

/** An agent's message of the kind that is delivered at least once. */
export function whole(uuid: string, text = uuid): { type: 'sdk_message'; data: unknown } {
  const message = { role: 'assistant', content: [{ type: 'text', text }] }
  return { type: 'sdk_message', data: { type: 'assistant', uuid, session_id: 's', message } }
}

/** Waits until the condition holds. */
export async function until(
  condition: () => boolean,
  what = 'the condition',
  withinMs = 15_000,
): Promise<void> {
  const end = Date.now() + withinMs
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what} did not come true within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What a promise rejects with; fails when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It resolved and should have rejected.')
}
