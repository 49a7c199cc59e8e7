import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LoggedEvent, NewEvent, OpenAsk, SessionInfo } from '@claude-agent/protocol'
import { onTestFinished } from 'vitest'
import type { WebSocket } from 'ws'
import { AgentServer, type Session } from '../src/index.ts'
import type { Limits } from '../src/session/limits.ts'
import { json, type Peer, parseFrame, say, startPeer } from './peer.ts'

/** A real server with one session, `s1`, that keeps numbered events, and does on demand what the product's never does. */
export interface SessionPeer extends Peer {
  log: string
  /** The oldest event that is still there. */
  firstSeq: number
  readonly events: LoggedEvent[]
  readonly asks: OpenAsk[]
  /** Bodies of `POST /sessions`, by id. */
  readonly created: Map<string, unknown>
  /** Called before the answer to a request; true: the answer is lost, and the line with it. */
  lose: (what: string) => boolean
  /** Called with each event that goes to a socket; false: it does not. */
  filter: (event: LoggedEvent) => boolean
  /** Nothing is said any more on the sockets that are open, as on a line that is dead. */
  mute(): void
  append(...events: NewEvent[]): void
  /** Says something live-only. */
  say(data: object): void
  drop(): void
}

type Frame = { type: string; id?: string; uuid: string; ask: string; data: { uuid: string } }
type Body = { id: string; by: string; data: Frame['data'] }
type Failure = [status: number, code: string]

export const text = (n: number | string): NewEvent => ({ type: 'info', data: String(n) })

/** Starts a peer; it is closed when the test ends. */
export async function startSessionPeer(
  options: { port?: number; pageSize?: number } = {},
): Promise<SessionPeer> {
  const { pageSize = 100 } = options
  const live = new Set<WebSocket>()
  const lastSeq = (): number => peer.firstSeq - 1 + peer.events.length
  const after = (seq: number): LoggedEvent[] => peer.events.filter((event) => event.seq > seq)

  const info = (id = 's1'): SessionInfo => ({
    id,
    metadata: {},
    options: {},
    limits: {},
    askTimeoutMs: 0,
    interactive: true,
    questions: 'defer',
    status: 'idle',
    queuedPrompts: 0,
    asks: [...peer.asks],
    usage: {} as SessionInfo['usage'],
    log: peer.log,
    firstSeq: peer.firstSeq,
    lastSeq: lastSeq(),
    createdAt: 0,
    updatedAt: 0,
  })

  /** Where a reader begins. */
  const locate = (text: string | null): { seq: number; gap?: { after: number; first: number } } => {
    if (text === 'latest') return { seq: lastSeq() }
    const [, log, digits] = /^(?:(.*):)?(\d+)$/.exec(text ?? '0') ?? []
    const seq = Number(digits)
    const isElsewhere = (log ?? peer.log) !== peer.log || seq > lastSeq() || seq < peer.firstSeq - 1
    return isElsewhere ? { seq: peer.firstSeq - 1, gap: { after: seq, first: peer.firstSeq } } : { seq }
  }

  const accept = (data: { uuid: string }): object => {
    const known = peer.events.find((event) => event.type === 'user_message' && event.uuid === data.uuid)
    if (known === undefined) peer.append({ type: 'user_message', uuid: data.uuid, data: data as never })
    return { uuid: data.uuid, seq: known?.seq ?? lastSeq(), turn: 'own' }
  }
  const settle = (ask: string, by: string): object | Failure => {
    const index = peer.asks.findIndex((open) => open.ask === ask)
    if (index < 0) return [409, 'already_settled']
    peer.asks.splice(index, 1)
    peer.append({ type: 'ask_settled', ask, outcome: 'answered', by })
    return { ask, outcome: 'answered', by, seq: lastSeq() }
  }
  const cancel = (uuid: string): object | Failure =>
    peer.events.some((event) => event.type === 'user_message' && event.uuid === uuid)
      ? { uuid, outcome: 'cancelled' }
      : [404, 'prompt_not_found']

  const onSocket = (socket: WebSocket, request: IncomingMessage): void => {
    const url = new URL(request.url ?? '', peer.url)
    if (!url.pathname.endsWith('/s1/ws')) {
      say(socket, { type: 'error', error: 'No such session.', code: 'session_not_found' })
      return socket.close(4404)
    }
    const { seq, gap } = locate(url.searchParams.get('after'))
    const client = url.searchParams.get('client') ?? 'c'
    say(socket, {
      type: 'connected',
      protocol: 2,
      server: '0',
      session: info(),
      log: peer.log,
      lastSeq: lastSeq(),
      client,
    })
    if (gap !== undefined) say(socket, { type: 'gap', ...gap })
    for (const event of after(seq)) if (peer.filter(event)) say(socket, event)
    say(socket, { type: 'caught_up', seq: lastSeq() })
    live.add(socket)
    socket.on('close', () => live.delete(socket))
    socket.on('message', (raw) => {
      if (!live.has(socket)) return
      const frame = parseFrame(raw) as Frame
      if (frame.type === 'heartbeat') return say(socket, { type: 'heartbeat' })
      const results: Record<string, () => object | Failure> = {
        user_message: () => accept(frame.data),
        cancel: () => cancel(frame.uuid),
        answer: () => settle(frame.ask, client),
        interrupt: () => ({}),
      }
      const result = results[frame.type]?.() ?? [400, 'unknown_type']
      if (peer.lose(frame.type)) return socket.terminate()
      if (Array.isArray(result)) say(socket, { type: 'error', id: frame.id, error: 'No.', code: result[1] })
      else say(socket, { type: 'reply', id: frame.id, result })
    })
  }

  const answer = (method: string, url: URL, body: Body): object | Failure | undefined => {
    const [, root, id = '', what = '', which = ''] = url.pathname.split('/')
    if (root === 'health') return { status: 'ok', version: '0', protocol: 2, sealed: false }
    if (root !== 'sessions') return {}
    if (method === 'POST' && id === '') {
      peer.created.set(body.id, body)
      return info(body.id)
    }
    if (id === '') {
      const ids = [...peer.created.keys()]
      const from = ids.indexOf(url.searchParams.get('after') ?? '') + 1
      const page = ids.slice(from, from + Number(url.searchParams.get('limit') ?? 2))
      const next = ids.at(-1) === page.at(-1) ? {} : { next: page.at(-1) }
      return { sessions: page.map((each) => info(each)), ...next }
    }
    if (id !== 's1' && !peer.created.has(id)) return [404, 'session_not_found']
    if (what === 'messages') return method === 'POST' ? accept(body.data) : cancel(which)
    if (what === 'interrupt') return {}
    if (what === 'asks') return settle(which, body.by)
    if (what !== 'events') return method === 'DELETE' ? undefined : { ...info(id), ...body }
    const { seq, gap } = locate(url.searchParams.get('after'))
    const page = { log: peer.log, firstSeq: peer.firstSeq, lastSeq: lastSeq(), ...(gap && { gap }) }
    return { ...page, events: after(seq).slice(0, pageSize) }
  }

  const onHttp = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const { method = '', url = '' } = request
    const result = answer(
      method,
      new URL(url, peer.url),
      body.length === 0 ? ({} as Body) : (JSON.parse(String(body)) as Body),
    )
    if (peer.lose(`${method} ${url.split('?')[0]}`)) request.socket.destroy()
    else if (Array.isArray(result)) json(response, result[0], { error: 'No.', code: result[1] })
    else if (result === undefined) response.writeHead(204).end()
    else json(response, 200, result)
  }

  const base = await startPeer({
    onSocket,
    onHttp,
    ...(options.port === undefined ? {} : { port: options.port }),
  })
  const peer: SessionPeer = Object.assign(base, {
    log: 'log1',
    firstSeq: 1,
    events: [],
    asks: [],
    created: new Map(),
    lose: () => false,
    filter: () => true,
    mute: () => live.clear(),
    append(...events: NewEvent[]) {
      for (const event of events) {
        const logged: LoggedEvent = { seq: lastSeq() + 1, at: 1, ...event }
        peer.events.push(logged)
        if (event.type === 'ask') peer.asks.push({ ...event, seq: logged.seq, at: 1 })
        if (peer.filter(logged)) for (const socket of live) say(socket, logged)
      }
    },
    say(data: object) {
      for (const socket of live) say(socket, { type: 'sdk_message', data })
    },
    drop() {
      for (const socket of peer.sockets) socket.terminate()
    },
  })
  return peer
}

/** A session of the peer, closed when the test ends. */
export function openSession(peer: Peer, limits: Partial<Limits> = {}, id = 's1'): Session {
  const session = new AgentServer({ url: peer.url, client: 'tester' }, limits).session(id)
  onTestFinished(() => session.close())
  return session
}

/** A function that is true the first `times` times that it is asked about this. */
export function firstTimes(times: number, what: string): (asked: string) => boolean {
  let left = times
  return (asked) => asked === what && (left -= 1) >= 0
}
