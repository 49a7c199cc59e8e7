import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { AgentServerError, CLOSE_CODES } from '@claude-agent/protocol'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Access } from './access.ts'
import { awaitAuth } from './auth-frame.ts'
import { statusOf, toServerError } from './errors.ts'

/** What serves a socket that may speak. */
type SocketHandler = (socket: WebSocket, url: URL) => void

export interface UpgradeOptions {
  access: Access
  /** By path. */
  handlers: Record<string, SocketHandler>
  maxFrameBytes: number
  maxConnections: number
}

/** Turns HTTP upgrades into sockets: who may speak is decided here, before any handler sees a frame. */
export class Upgrade {
  readonly #options: UpgradeOptions
  readonly #sockets: WebSocketServer

  constructor(options: UpgradeOptions) {
    this.#options = options
    // No compression: an event is serialised once for all. Frames over the limit are refused with an error by the
    // handlers; those over the double of it end their socket with 1009.
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: options.maxFrameBytes * 2,
      perMessageDeflate: false,
    })
  }

  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
      raw.on('error', () => raw.destroy())
      try {
        this.#accept(request, raw, head)
      } catch (error) {
        refuse(raw, toServerError(error))
      }
    })
  }

  /** Ends every socket with 1012: come back later. */
  close(): void {
    for (const socket of this.#sockets.clients) socket.close(1012, CLOSE_CODES[1012].name)
    setTimeout(() => {
      for (const socket of this.#sockets.clients) socket.terminate()
    }, 500).unref()
  }

  #accept(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    const { access, handlers, maxConnections } = this.#options
    const { host, origin, authorization } = request.headers
    access.checkSource({ host, origin, authorization })
    const url = readTarget(request.url ?? '')
    const handler = Object.hasOwn(handlers, url.pathname) ? handlers[url.pathname] : undefined
    // A stranger learns nothing of what exists: the token first where it is in the header, else the auth frame.
    if (authorization !== undefined) access.checkAuthorization(authorization)
    const isKnown = authorization !== undefined || !access.needsToken
    if (isKnown && handler === undefined) throw nothingAt(url.pathname)
    if (this.#sockets.clients.size >= maxConnections) throw tooMany(maxConnections)
    this.#sockets.handleUpgrade(request, raw, head, (socket) => {
      socket.on('error', () => socket.terminate())
      const serve = (): void => {
        if (handler !== undefined) return handler(socket, url)
        socket.send(JSON.stringify({ type: 'error', ...nothingAt(url.pathname).toJSON() }))
        socket.close(1008, 'not_found')
      }
      if (isKnown) serve()
      else awaitAuth(socket, raw, access, serve)
    })
  }
}

/** The address that was asked for: a path, as every WebSocket client sends it. */
function readTarget(target: string): URL {
  const text = `http://server${target}`
  if (target.startsWith('/') && URL.canParse(text)) return new URL(text)
  throw new AgentServerError({
    code: 'invalid_request',
    message: `The address '${target.slice(0, 100)}' cannot be read.`,
    hint: 'Connect to /ws.',
  })
}

/** Answers an upgrade with an HTTP error. */
function refuse(raw: Duplex, error: AgentServerError): void {
  const status = statusOf(error)
  const body = JSON.stringify(error.toJSON())
  raw.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

function nothingAt(path: string): AgentServerError {
  return new AgentServerError({
    code: 'not_found',
    message: `No WebSocket is served at ${path}.`,
    hint: 'Connect to /ws.',
  })
}

function tooMany(limit: number): AgentServerError {
  return new AgentServerError({
    code: 'too_many_connections',
    message: `${limit} sockets are open already.`,
    hint: 'Close some, or raise CLAUDE_AGENT_MAX_CONNECTIONS.',
    retryAfterMs: 5000,
  })
}
