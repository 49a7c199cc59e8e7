import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { connect } from '../src/index.ts'
import { parseFrame, refuseUpgrade, rejection, startPeer, until } from './peer.ts'
import { openSession, startSessionPeer, text } from './session-peer.ts'

// Sessions on the adapter of browsers, Bun and Deno. Node 20 has no WebSocket of its own; ws has the interface.
vi.mock('#socket', () => import('../src/socket-web.ts'))
const platform = globalThis as { WebSocket?: unknown }
const before = platform.WebSocket
beforeAll(() => {
  platform.WebSocket = WebSocket
})
afterAll(() => {
  platform.WebSocket = before
})

test('the token goes in the first frame', async () => {
  const frames: unknown[] = []
  const peer = await startPeer({
    onSocket: (socket) => void socket.on('message', (data) => frames.push(parseFrame(data))),
  })
  const session = connect({ url: peer.url, token: 'open-sesame' }).session('s1')
  session.on('info', () => {})
  await until(() => frames.length === 1)
  expect(frames).toEqual([{ type: 'auth', token: 'open-sesame' }])
  await session.close()
})

test('events come once and in order through drops, and a dead line is noticed though pings are not shown', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer, { silenceMs: 100, answerMs: 50 })
  const heard: string[] = []
  session.on('info', ({ data }) => heard.push(data))
  await until(() => session.state.status === 'connected')
  peer.append(text(1))
  await until(() => heard.length === 1)
  peer.drop()
  peer.append(text(2))
  await until(() => heard.length === 2)
  peer.mute()
  peer.append(text(3))
  await until(() => heard.length === 3)
  expect(heard).toEqual(['1', '2', '3'])
})

test('a session whose socket is refused in HTTP, which a page cannot see, ends with the server’s own error', async () => {
  const peer = await startPeer({
    onUpgrade: (_, socket) => refuseUpgrade(socket, 410, 'application/json', '{}'),
    onHttp: (_, response) =>
      void response
        .writeHead(410, { 'content-type': 'application/json' })
        .end('{"error":"It was deleted.","code":"session_deleted"}'),
  })
  const session = openSession(peer)
  expect(await rejection(session.events().next())).toMatchObject({ code: 'session_deleted' })
  expect(peer.requests.map(({ url }) => url)).toEqual(['/sessions/s1'])
})

test('where a page has no crypto.randomUUID, prompts and sessions are named all the same', async () => {
  const peer = await startSessionPeer()
  const getRandomValues = crypto.getRandomValues.bind(crypto)
  vi.stubGlobal('crypto', { getRandomValues })
  try {
    const session = await connect({ url: peer.url }).createSession()
    expect(session.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  } finally {
    vi.unstubAllGlobals()
  }
})
