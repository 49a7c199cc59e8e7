import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { AgentServerError, CLOSE_CODES, ERRORS } from '@claude-agent/protocol'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Access } from './access.ts'
import { awaitAuth } from './auth-frame.ts'
import { statusOf, toServerError } from './errors.ts'

/** Most sockets at once that have not shown the token yet; each has 5 s. */
const MAX_STRANGERS = 64

/** How long what comes on a socket at fault is read and dropped, so that its close frame arrives. */
const LINGER_MS = 2000

/** What serves a socket that may speak. `raw` is what lies under it, `parameters` are those of the handler's path. */
type SocketHandler = (
  socket: WebSocket,
  url: URL,
  raw: Duplex,
  parameters: Readonly<Record<string, string>>,
) => void

export interface UpgradeOptions {
  access: Access
  /** By path; a part that begins with `:` stands for any one part, `/sessions/:id/ws`. */
  handlers: Record<string, SocketHandler>
  maxFrameBytes: number
  maxConnections: number
}

/** Turns HTTP upgrades into sockets: who may speak is decided here, before any handler sees a frame. */
export class Upgrade {
  readonly #options: UpgradeOptions
  readonly #sockets: WebSocketServer
  /** Sockets that have not shown the token yet, the oldest first. */
  readonly #strangers = new Set<WebSocket>()

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
    const serve = findHandler(handlers, url, raw)
    // A stranger learns nothing of what exists: the token first where it is in the header, else the auth frame.
    if (authorization !== undefined) access.checkAuthorization(authorization)
    const isKnown = authorization !== undefined || !access.needsToken
    if (isKnown && serve === undefined) throw nothingAt(url.pathname)
    if (isKnown && this.#known >= maxConnections) throw tooMany(maxConnections)
    this.#sockets.handleUpgrade(request, raw, head, (socket) => {
      socket.once('error', () => linger(socket))
      if (isKnown) return serve?.(socket)
      this.#addStranger(socket)
      awaitAuth(socket, raw, access, () => {
        this.#strangers.delete(socket)
        if (serve === undefined) dismiss(socket, nothingAt(url.pathname), 1008)
        else if (this.#known > maxConnections)
          dismiss(socket, tooMany(maxConnections), ERRORS.too_many_connections.close)
        else serve(socket)
      })
    })
  }

  /** How many may speak. Strangers count for themselves, so that they take nobody's place. */
  get #known(): number {
    return this.#sockets.clients.size - this.#strangers.size
  }

  /** Makes room by ending the oldest: whoever floods the server pushes out his own sockets first. */
  #addStranger(socket: WebSocket): void {
    const [oldest] = this.#strangers
    if (oldest !== undefined && this.#strangers.size >= MAX_STRANGERS) oldest.terminate()
    this.#strangers.add(socket)
    socket.once('close', () => this.#strangers.delete(socket))
  }
}

/**
 * Lets a socket whose frames cannot be read end in order: it was sent a close frame. With bytes that nobody has read,
 * the system would end it by a reset, which may overtake that frame.
 */
function linger(socket: WebSocket): void {
  const timer = setTimeout(() => socket.terminate(), LINGER_MS)
  socket.on('error', () => {}).once('close', () => clearTimeout(timer))
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

/** What serves the sockets of an address; undefined when nothing does. */
function findHandler(
  handlers: UpgradeOptions['handlers'],
  url: URL,
  raw: Duplex,
): ((socket: WebSocket) => void) | undefined {
  for (const [pattern, handler] of Object.entries(handlers)) {
    const parameters = matchPath(pattern, url.pathname)
    if (parameters !== undefined) return (socket) => handler(socket, url, raw, parameters)
  }
  return undefined
}

/** The parameters of a path that fits the pattern. */
function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const values = path.split('/')
  const names = pattern.split('/')
  if (names.length !== values.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [i, name] of names.entries()) {
    const value = values[i]!
    if (name.startsWith(':') && value !== '') parameters[name.slice(1)] = value
    else if (name !== value) return undefined
  }
  return parameters
}

/** Answers an upgrade with an HTTP error. */
export function refuse(raw: Duplex, error: AgentServerError): void {
  const status = statusOf(error)
  const body = JSON.stringify(error.toJSON())
  // The other side may never close its half.
  raw.once('finish', () => raw.destroy())
  raw.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

/** Ends a socket with an error. */
function dismiss(socket: WebSocket, error: AgentServerError, code: number): void {
  socket.send(JSON.stringify({ type: 'error', ...error.toJSON() }))
  socket.close(code, error.code)
}

function nothingAt(path: string): AgentServerError {
  return new AgentServerError({
    code: 'not_found',
    message: `No WebSocket is served at ${path}.`,
    hint: 'Connect to /sessions/<id>/ws or /ws.',
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
