import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { getRequestListener } from '@hono/node-server'
import {
  AgentServerError,
  type MessageAccepted,
  type SessionDown,
  type SessionInfo,
  type UserMessageInput,
} from '@claude-agent/protocol'
import { Hono } from 'hono'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { Archives } from '../../../src/archive/archives.ts'
import type { EventLog } from '../../../src/log/event-log.ts'
import { Feed } from '../../../src/log/feed.ts'
import { MemoryLog } from '../../../src/log/memory-log.ts'
import type { Sessions } from '../../../src/session/sessions.ts'
import { Access } from '../../../src/transport/access.ts'
import { createHttp } from '../../../src/transport/http.ts'
import { SessionLayer } from '../../../src/transport/sessions/session-layer.ts'
import { createSessionRoutes } from '../../../src/transport/sessions/session-routes.ts'
import { READER_TIMING, type ReaderTiming } from '../../../src/transport/sessions/timing.ts'
import { Upgrade } from '../../../src/transport/upgrade.ts'
import { until } from '../../support.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of buffers that somebody still holds. */
export function heldBytes(): number {
  // The first round finds the buffers that nobody holds, the second counts them as given back.
  collectGarbage()
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

/** A session as its transport sees it: a real feed, and a note of what it was asked to do. */
class NotedSession {
  readonly id: string
  readonly feed: Feed
  /** What it was asked, in the order of the calls. */
  readonly calls: unknown[][] = []
  readonly closed = new Set<(reason: 'deleted' | 'stopping') => void>()
  /** What a prompt waits for before it is durable. */
  accepted: (data: UserMessageInput) => Promise<MessageAccepted> = async ({ uuid = 'drawn' }) => ({
    uuid,
    seq: 7,
    turn: 'own',
  })

  constructor(id: string, log: EventLog) {
    this.id = id
    this.feed = new Feed(log)
  }

  info(): SessionInfo {
    const { id: log, firstSeq, lastSeq } = this.feed
    return {
      id: this.id,
      status: 'idle',
      options: {},
      asks: [],
      log,
      firstSeq,
      lastSeq,
    } as unknown as SessionInfo
  }

  send(data: UserMessageInput): Promise<MessageAccepted> {
    this.calls.push(['send', data.uuid])
    return this.accepted(data)
  }

  async cancel(uuid: string): Promise<unknown> {
    this.calls.push(['cancel', uuid])
    if (uuid === 'unknown')
      throw new AgentServerError({ code: 'prompt_not_found', message: 'No such prompt.' })
    return { uuid, outcome: 'cancelled' }
  }

  interrupt(): void {
    this.calls.push(['interrupt'])
  }

  async answer(ask: string, answer: unknown, by: string): Promise<unknown> {
    this.calls.push(['answer', ask, answer, by])
    if (ask === 'settled')
      throw new AgentServerError({ code: 'already_settled', message: 'Ann answered it.' })
    return { ask, outcome: 'answered', by, seq: 9 }
  }

  readonly callbacks = { leave: (): void => {} }

  warm(): void {
    this.calls.push(['warm'])
  }

  onClosed(listener: (reason: 'deleted' | 'stopping') => void): () => void {
    this.closed.add(listener)
    return () => this.closed.delete(listener)
  }

  end(reason: 'deleted' | 'stopping'): void {
    for (const listener of this.closed) listener(reason)
  }

  /** Publishes texts as events. */
  publish(...texts: string[]): void {
    for (const data of texts) this.feed.publish({ type: 'info', data })
  }

  /** A live-only message. */
  publishPartial(text: string): void {
    this.feed.publishEphemeral({ type: 'sdk_message', data: { type: 'stream_event', text } as never })
  }
}

export interface SessionServer {
  readonly url: string
  readonly session: NotedSession
  /** What the sessions were asked, by `POST /sessions` and the like. */
  readonly asked: unknown[][]
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  connect(query?: string, id?: string): Promise<Client>
  /** Begins to stop: no new connections, those that are idle are closed. Resolves when all are gone. */
  stop(): Promise<void>
}

export interface SessionServerSetup {
  timing?: Partial<ReaderTiming>
  log?: EventLog
  maxStreams?: number
  maxFrameBytes?: number
  token?: string
  /** What opening the session waits for. */
  opening?: Promise<void>
  /** Hears of what lies under each socket. */
  onRaw?: (raw: Duplex) => void
}

/** A server with one session, `one`, and one that was deleted, `gone`; it ends with the test. */
export async function startSessionServer(setup: SessionServerSetup = {}): Promise<SessionServer> {
  const session = new NotedSession('one', setup.log ?? new MemoryLog())
  onTestFinished(() => session.feed.close())
  const timing = { ...READER_TIMING, ...setup.timing }
  const asked: unknown[][] = []
  const sessions = createSessions(session, asked, setup.opening)
  const access = new Access({ token: setup.token, allowedHosts: [], allowedOrigins: [] })
  const app = createHttp({
    access,
    version: '0.0.0',
    isStopping: () => false,
    page: new Hono(),
    config: new Hono(),
    files: new Hono(),
    lease: new Hono(),
    transcripts: new Hono(),
    sessions: createSessionRoutes({
      sessions,
      archives: {} as Archives,
      maxArchiveBytes: 100_000,
      maxBodyBytes: 100_000,
      timing,
      maxStreams: setup.maxStreams ?? 1000,
    }),
  })
  const listener = getRequestListener(app.fetch)
  const server = createServer((request, response) => void listener(request, response))
  const maxFrameBytes = setup.maxFrameBytes ?? 1024 * 1024
  const layer = new SessionLayer({ sessions, version: '0.0.0', maxFrameBytes, timing })
  const upgrade = new Upgrade({
    access,
    maxFrameBytes,
    maxConnections: 1000,
    handlers: {
      '/sessions/:id/ws': (socket, url, raw, { id }) => {
        setup.onRaw?.(raw)
        void layer.serve(socket, url, raw, id!)
      },
    },
  })
  upgrade.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  onTestFinished(() => {
    upgrade.close()
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    session,
    asked,
    request: (method, path, body, headers = {}) =>
      fetch(`${url}${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    connect: (query = '', id = 'one') => Client.open(`ws://127.0.0.1:${port}/sessions/${id}/ws${query}`),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function createSessions(session: NotedSession, asked: unknown[][], opening?: Promise<void>): Sessions {
  const known = async (id: string): Promise<NotedSession> => {
    await opening
    if (id === 'one') return session
    const code = id === 'gone' ? 'session_deleted' : 'session_not_found'
    throw new AgentServerError({ code, message: `There is no '${id}'.` })
  }
  const note =
    <Result>(name: string, result: (id: string) => Result) =>
    async (...given: unknown[]): Promise<Result> => {
      asked.push([name, ...given])
      return result(String(given[0]))
    }
  return {
    open: known as never,
    info: (async (id: string) => (await known(id)).info()) as never,
    create: note('create', () => ({ info: session.info(), created: asked.length === 1 })) as never,
    list: { page: note('list', () => ({ sessions: [session.info()] })) } as never,
    update: note('update', () => session.info()) as never,
    delete: note('delete', () => {}) as never,
  } as unknown as Sessions
}

/** A client of a session that keeps what it was sent. */
export class Client {
  readonly socket: WebSocket
  /** What lies under it. */
  raw!: Socket
  readonly frames: SessionDown[] = []
  /** Code and reason, once it is closed. */
  closed: { code: number; reason: string } | undefined

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as SessionDown))
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }))
    socket.on('error', () => {})
    socket.on('upgrade', ({ socket: raw }) => (this.raw = raw))
  }

  static async open(url: string): Promise<Client> {
    const client = new Client(new WebSocket(url))
    onTestFinished(() => client.socket.terminate())
    await once(client.socket, 'open')
    return client
  }

  /** The frames of a type, once there are `count`. */
  async take<Type extends SessionDown['type']>(
    type: Type,
    count = 1,
  ): Promise<Extract<SessionDown, { type: Type }>[]> {
    const found = (): SessionDown[] => this.frames.filter((frame) => frame.type === type)
    await until(`${count} frames '${type}'`, () => found().length >= count)
    return found() as Extract<SessionDown, { type: Type }>[]
  }

  /** The numbers of the events that came. */
  get seqs(): number[] {
    return this.frames.flatMap((frame) => ('at' in frame ? frame.seq : []))
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  async gone(): Promise<{ code: number; reason: string }> {
    await until('the socket is closed', () => this.closed !== undefined)
    return this.closed!
  }
}
