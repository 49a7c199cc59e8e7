import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createClient, uuids } from './clients.ts'
import { json, parseFrame, refuseUpgrade, rejection, say, startPeer, until, whole } from './peer.ts'
import { startProduct } from './product.ts'

// The whole client on the adapter of browsers, Bun and Deno. Node 20 has no WebSocket of its own; ws has the interface.
vi.mock('#socket', () => import('../src/socket-web.ts'))
const platform = globalThis as { WebSocket?: unknown }
const before = platform.WebSocket
beforeAll(() => {
  platform.WebSocket = WebSocket
})
afterAll(() => {
  platform.WebSocket = before
})

const health = { status: 'ok', version: '0.1.0', protocol: 1, sealed: false }

test('the token goes first, and start resolves when the server then accepts', async () => {
  const peer = await startPeer({
    onSocket(socket) {
      socket.once('message', (data) => {
        const { token } = parseFrame(data) as { token?: unknown }
        if (token === 'right') say(socket, { type: 'connected' }, whole('a'))
        else say(socket, { type: 'error', error: 'The token is wrong.', code: 'unauthorized' })
      })
    },
  })
  const { client, messages } = createClient({ connectionUrl: peer.url, token: 'right' })
  await client.start()
  await until(() => messages.length === 2)
  expect(uuids(messages)).toEqual(['a'])
  const wrong = createClient({ connectionUrl: peer.url, token: 'wrong' })
  expect(await rejection(wrong.client.start())).toMatchObject({
    code: 'unauthorized',
    message: 'The token is wrong.',
  })
})

test('an address where nothing listens is connect_failed', async () => {
  const peer = await startPeer()
  await peer.close()
  const { client } = createClient({ connectionUrl: peer.url })
  const error = await rejection(client.start())
  expect(error).toMatchObject({ code: 'connect_failed' })
  expect((error as Error).message).toContain(peer.url)
})

test('an HTML page in place of the server is not_a_server', async () => {
  for (const status of [200, 404]) {
    const peer = await startPeer({
      onUpgrade: (_, socket) => refuseUpgrade(socket, status, 'text/html', '<h1>Hi</h1>'),
      onHttp: (_, response) =>
        void response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Hi</h1>'),
    })
    const { client } = createClient({ connectionUrl: peer.url })
    expect(await rejection(client.start())).toMatchObject({ code: 'not_a_server' })
  }
})

test('a server behind a proxy that passes no WebSocket on is connect_failed and says so', async () => {
  const peer = await startPeer({
    onUpgrade: (_, socket) => refuseUpgrade(socket, 400, 'text/html', 'no'),
    onHttp: (_, response) => json(response, 200, health),
  })
  const { client } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.start())).toMatchObject({
    code: 'connect_failed',
    hint: expect.stringContaining('proxy'),
  })
})

test('a server that closes without a word before it accepts is connect_failed', async () => {
  const peer = await startPeer({ onSocket: (socket) => socket.close() })
  const { client } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.start())).toMatchObject({ code: 'connect_failed' })
})

test('a server that answers neither way is connect_timeout', async () => {
  const peer = await startPeer({
    onUpgrade(_, socket) {
      socket.destroy()
      return true
    },
    onHttp() {},
  })
  const { client } = createClient({ connectionUrl: peer.url, connectTimeoutMs: 150 })
  expect(await rejection(client.start())).toMatchObject({ code: 'connect_timeout' })
})

test('it comes back after a drop and hands each whole message on once', async () => {
  const peer = await startPeer({ onSocket: (socket) => say(socket, { type: 'connected' }, whole('a')) })
  const { client, messages } = createClient({ connectionUrl: peer.url })
  await client.start()
  await until(() => messages.length === 2)
  peer.sockets[0]?.terminate()
  await until(() => peer.upgrades === 2 && client.state.status === 'connected')
  say(peer.sockets[0], whole('b'))
  await until(() => uuids(messages).includes('b'))
  expect(uuids(messages)).toEqual(['a', 'b'])
})

test('stop during start ends it', async () => {
  const peer = await startPeer({ onSocket() {} })
  const { client } = createClient({ connectionUrl: peer.url })
  const started = rejection(client.start())
  await until(() => peer.sockets.length === 1)
  await client.stop()
  expect(await started).toMatchObject({ code: 'not_connected' })
  await until(() => peer.sockets.length === 0)
})

test('with a token the real server lets it in, and files and watches too', { timeout: 60_000 }, async () => {
  const product = await startProduct({ token: 'open-sesame' })
  const { client } = createClient({ connectionUrl: product.url, token: 'open-sesame' })
  await client.start()
  const events: unknown[] = []
  const watch = await client.watchDir('.', (event) => events.push(event))
  await client.writeFile('a.txt', '1')
  await until(() => events.length > 0, 'an event')
  await watch.stop()
  for (const token of ['wrong', undefined]) {
    const other = createClient({ connectionUrl: product.url, token })
    expect(await rejection(other.client.start())).toMatchObject({ code: 'unauthorized' })
  }
  const second = createClient({ connectionUrl: product.url, token: 'open-sesame' })
  expect(await rejection(second.client.start())).toMatchObject({ code: 'already_connected' })
})
