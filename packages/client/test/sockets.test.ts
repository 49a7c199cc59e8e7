import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import * as web from '../src/socket-web.ts'
import * as node from '../src/socket-ws.ts'
import type { ClientSocket, Closure } from '../src/socket.ts'
import { type Peer, refuseUpgrade, startPeer, until } from './peer.ts'

interface Opened {
  socket: ClientSocket
  opened: number
  texts: string[]
  closures: Closure[]
}

/** Opens a socket with an adapter and writes down what it tells. */
function open(
  adapter: typeof node,
  peer: Peer,
  token?: string,
  silenceMs = 30_000,
  headers: Record<string, string> = {},
): Opened {
  const told: Omit<Opened, 'socket'> = { opened: 0, texts: [], closures: [] }
  const socket = adapter.openSocket({
    url: new URL(peer.url.replace('http', 'ws')),
    token,
    headers,
    silenceMs,
    onOpen: () => (told.opened += 1),
    onText: (text) => told.texts.push(text),
    onClose: (closure) => told.closures.push(closure),
  })
  return Object.assign(told, { socket })
}

// The platform's WebSocket of browsers, Bun and Deno; Node 20 has none, and ws has the same interface.
const platform = globalThis as { WebSocket?: unknown }
const before = platform.WebSocket
beforeAll(() => {
  platform.WebSocket = WebSocket
})
afterAll(() => {
  platform.WebSocket = before
})

describe.each([
  ['socket-ws', node],
  ['socket-web', web],
])('%s', (_, adapter) => {
  test('carries text both ways, in order', async () => {
    const peer = await startPeer({
      onSocket: (socket) => void socket.on('message', (data) => socket.send(data, { binary: false })),
    })
    const { socket, texts } = open(adapter, peer)
    await until(() => peer.sockets.length === 1)
    await until(() => socket.send('{"a":"é€🙂"}'))
    socket.send('{"b":2}')
    await until(() => texts.length === 2)
    expect(texts).toEqual(['{"a":"é€🙂"}', '{"b":2}'])
    socket.close()
  })

  test('carries bytes both ways, in their place between texts', async () => {
    const heard: unknown[] = []
    const peer = await startPeer({
      onSocket: (socket) => void socket.on('message', (data, binary) => socket.send(data, { binary })),
    })
    const socket = adapter.openSocket({
      url: new URL(peer.url.replace('http', 'ws')),
      token: undefined,
      headers: {},
      silenceMs: undefined,
      onOpen: () => {},
      onText: (text) => heard.push(text),
      onBytes: (bytes) => heard.push([...bytes]),
      onClose: () => {},
    })
    await until(() => socket.send('"a"'))
    socket.send(new Uint8Array([0, 255, 1]))
    socket.send('"b"')
    await until(() => heard.length === 3)
    expect(heard).toEqual(['"a"', [0, 255, 1], '"b"'])
    await until(() => socket.buffered === 0)
    socket.close()
  })

  test('send is false before the socket is open and once it closes', async () => {
    const peer = await startPeer({ onSocket() {} })
    const opened = open(adapter, peer)
    expect(opened.socket.send('early')).toBe(false)
    await until(() => opened.opened === 1)
    expect(opened.socket.send('{}')).toBe(true)
    opened.socket.close()
    expect(opened.socket.send('late')).toBe(false)
    await until(() => opened.closures.length === 1)
    expect(peer.frames).toEqual([{}])
  })

  test('leaves binary frames out', async () => {
    const peer = await startPeer({
      onSocket(socket) {
        socket.send(Buffer.from('{"type":"binary"}'))
        socket.send('text')
      },
    })
    const { texts, socket } = open(adapter, peer)
    await until(() => texts.length > 0)
    expect(texts).toEqual(['text'])
    socket.close()
  })

  test('tells the code and the reason of a close, once', async () => {
    const peer = await startPeer({ onSocket: (socket) => socket.close(4409, 'busy') })
    const opened = open(adapter, peer)
    await until(() => opened.closures.length > 0)
    opened.socket.abort()
    opened.socket.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(opened.closures).toMatchObject([{ code: 4409, reason: 'busy' }])
  })

  test('a socket that never opens is told once as closed', async () => {
    const peer = await startPeer()
    await peer.close()
    const opened = open(adapter, peer)
    await until(() => opened.closures.length > 0)
    expect(opened.opened).toBe(0)
    expect(opened.closures).toMatchObject([{ code: 1006 }])
  })

  test('abort drops the line at once, in every phase', async () => {
    const peer = await startPeer({ onSocket() {} })
    const early = open(adapter, peer)
    early.socket.abort()
    await until(() => early.closures.length === 1)
    const late = open(adapter, peer)
    await until(() => late.opened === 1)
    late.socket.abort()
    await until(() => late.closures.length === 1 && peer.sockets.length === 0)
    expect(late.closures).toMatchObject([{ code: 1006 }])
  })
})

test('socket-ws sends the token as a header and no frame', async () => {
  let authorization: string | undefined
  const peer = await startPeer({
    onSocket: (_, request) => (authorization = request.headers.authorization),
  })
  const opened = open(node, peer, 'secret')
  await until(() => opened.opened === 1)
  expect(authorization).toBe('Bearer secret')
  opened.socket.close()
  await until(() => opened.closures.length === 1)
  expect(peer.frames).toEqual([])
})

test('socket-web sends the token as the first frame', async () => {
  const peer = await startPeer({ onSocket() {} })
  const opened = open(web, peer, 'secret')
  await until(() => peer.frames.length === 1)
  expect(peer.frames).toEqual([{ type: 'auth', token: 'secret' }])
  opened.socket.close()
})

test('socket-ws sends the headers of whoever stands before the server', async () => {
  let seen: unknown
  const peer = await startPeer({ onSocket: (_, request) => (seen = request.headers) })
  const opened = open(node, peer, 'secret', undefined, { 'X-Routing': 'a', Authorization: 'no' })
  await until(() => opened.opened === 1)
  expect(seen).toMatchObject({ 'x-routing': 'a', authorization: 'Bearer secret' })
  opened.socket.close()
})

test('socket-web refuses headers, which a page cannot send, and names them without their values', async () => {
  const peer = await startPeer()
  const refused = expect.objectContaining({
    code: 'not_supported',
    message: expect.stringMatching(/^ws:\S+ wants the headers X-Routing, (?!.*hidden)/),
    hint: expect.stringContaining('Node'),
  })
  expect(() => open(web, peer, 'secret', undefined, { 'X-Routing': 'hidden' })).toThrow(refused)
  expect(peer.upgrades).toBe(0)
})

test('socket-ws shows the HTTP answer that came in place of a WebSocket', async () => {
  const peer = await startPeer({ onUpgrade: (_, line) => refuseUpgrade(line, 404, 'text/html', '<p>no') })
  const opened = open(node, peer)
  await until(() => opened.closures.length === 1)
  expect(opened.closures[0]?.answer).toEqual({ status: 404, contentType: 'text/html', text: '<p>no' })
})

test('socket-ws reads no more than the start of an endless answer', async () => {
  const peer = await startPeer({
    onUpgrade(_, line) {
      line.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n')
      const timer = setInterval(() => line.write('x'.repeat(16_384)), 1)
      line.on('error', () => {}).on('close', () => clearInterval(timer))
      return true
    },
  })
  const opened = open(node, peer)
  await until(() => opened.closures.length === 1)
  expect(opened.closures[0]?.answer?.text.length).toBeLessThan(200_000)
})

test('socket-ws ends a line on which nothing comes any more', async () => {
  const peer = await startPeer({ onSocket() {}, autoPong: false })
  const opened = open(node, peer, undefined, 150)
  await until(() => opened.closures.length === 1)
  expect(opened.opened).toBe(1)
  expect(opened.closures).toMatchObject([{ code: 1006 }])
})

test('socket-ws keeps a silent line whose other side answers pings', async () => {
  let pings = 0
  const peer = await startPeer({ onSocket: (socket) => void socket.on('ping', () => (pings += 1)) })
  const opened = open(node, peer, undefined, 600)
  await until(() => pings >= 3)
  expect(opened.closures).toEqual([])
  opened.socket.close()
})

test('socket-ws counts pings of the server as life, and sends none itself', async () => {
  let pings = 0
  const peer = await startPeer({
    autoPong: false,
    onSocket(socket) {
      socket.on('ping', () => (pings += 1))
      const timer = setInterval(() => socket.ping(), 20)
      socket.on('close', () => clearInterval(timer))
    },
  })
  const opened = open(node, peer, undefined, 1_500)
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(opened.closures).toEqual([])
  expect(pings).toBe(0)
  opened.socket.close()
})
