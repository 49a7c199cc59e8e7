import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { AgentServerError } from '../src/index.ts'
import { createClient } from './clients.ts'
import { json, refuseUpgrade, rejection, say, startPeer, until } from './peer.ts'

test('start resolves at the connected frame, not when the socket opens', async () => {
  const peer = await startPeer({ onSocket() {} })
  const { client } = createClient({ connectionUrl: peer.url })
  let resolved = false
  const started = client.start().then(() => (resolved = true))
  await until(() => peer.sockets.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(resolved).toBe(false)
  expect(client.state.status).toBe('connecting')
  say(peer.sockets[0], { type: 'connected' })
  await started
  expect(client.state).toEqual({ status: 'connected' })
})

test('an address where nothing listens is connect_failed, and the message names it', async () => {
  const peer = await startPeer()
  await peer.close()
  const { client, states } = createClient({ connectionUrl: peer.url })
  const error = await rejection(client.start())
  expect(error).toBeInstanceOf(AgentServerError)
  expect(error).toMatchObject({ code: 'connect_failed', hint: expect.stringContaining('started') })
  expect((error as Error).message).toContain(peer.url)
  expect((error as Error).message).toContain('ECONNREFUSED')
  expect(states).toEqual([{ status: 'connecting' }, { status: 'closed', error }])
})

test('a wrong token that the server refuses at the upgrade is unauthorized', async () => {
  const body = JSON.stringify({ error: 'The token is wrong.', code: 'unauthorized', hint: 'Send a header.' })
  const peer = await startPeer({
    onUpgrade: (_, socket) => refuseUpgrade(socket, 401, 'application/json', body),
  })
  const { client } = createClient({ connectionUrl: peer.url, token: 'wrong' })
  const error = await rejection(client.start())
  expect(error).toMatchObject({
    code: 'unauthorized',
    message: 'The token is wrong.',
    hint: expect.stringContaining('`token`'),
  })
})

test('a server that waits for a token which was not given is unauthorized', async () => {
  const peer = await startPeer({ onSocket: (socket) => socket.close(4408, 'no auth in time') })
  const { client } = createClient({ connectionUrl: peer.url })
  const error = await rejection(client.start())
  expect(error).toMatchObject({ code: 'unauthorized', hint: expect.stringContaining('CLAUDE_AGENT_TOKEN') })
})

test('a server whose frame says that no auth came is unauthorized when no token was given', async () => {
  const peer = await startPeer({
    onSocket: (socket) => say(socket, { type: 'error', error: 'No auth frame came.', code: 'auth_timeout' }),
  })
  const { client } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.start())).toMatchObject({ code: 'unauthorized' })
})

test('a silent server that wants a token is asked over HTTP, so that start need not wait for its patience', async () => {
  const peer = await startPeer({
    onSocket() {},
    onHttp: (_, response) => json(response, 401, { error: 'The token is missing.', code: 'unauthorized' }),
  })
  const { client } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.start())).toMatchObject({
    code: 'unauthorized',
    hint: expect.stringContaining('CLAUDE_AGENT_TOKEN'),
  })
  expect(peer.requests.map(({ url }) => url)).toEqual(['/config'])
})

test('a server that is only slow to accept is waited for', async () => {
  const peer = await startPeer({
    onSocket: (socket) => void setTimeout(() => say(socket, { type: 'connected' }), 900),
  })
  const { client } = createClient({ connectionUrl: peer.url })
  await client.start()
  expect(client.state.status).toBe('connected')
})

test('a busy server is already_connected, and start is not repeated by itself', async () => {
  const peer = await startPeer({
    onSocket(socket) {
      say(socket, {
        type: 'error',
        error: 'Server already has an active connection',
        code: 'already_connected',
        retryAfterMs: 10,
      })
      socket.close(4409)
    },
  })
  const { client, messages } = createClient({ connectionUrl: peer.url })
  const error = await rejection(client.start())
  expect(error).toMatchObject({ code: 'already_connected', retryAfterMs: 10 })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(peer.upgrades).toBe(1)
  expect(client.state.status).toBe('closed')
  expect(messages).toEqual([])
})

test('a busy server that only closes is already_connected by its close code', async () => {
  const peer = await startPeer({ onSocket: (socket) => socket.close(4409) })
  const { client } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.start())).toMatchObject({ code: 'already_connected' })
})

test('an error frame without a code is told in its own words', async () => {
  const peer = await startPeer({ onSocket: (socket) => say(socket, { type: 'error', error: 'Go away.' }) })
  const { client } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.start())).toMatchObject({
    code: 'connect_failed',
    message: expect.stringContaining('Go away.'),
  })
})

for (const [what, status, type] of [
  ['a 404', 404, 'text/plain'],
  ['an HTML page', 200, 'text/html; charset=utf-8'],
  ['a redirect', 302, 'text/html'],
] as const) {
  test(`${what} in place of the WebSocket is not_a_server`, async () => {
    const peer = await startPeer({
      onUpgrade: (_, socket) => refuseUpgrade(socket, status, type, '<h1>Hi</h1>'),
    })
    const { client } = createClient({ connectionUrl: peer.url })
    const error = await rejection(client.start())
    expect(error).toMatchObject({ code: 'not_a_server', hint: expect.stringContaining('/health') })
    expect((error as Error).message).toContain(`HTTP ${status}`)
  })
}

test('a proxy without its server behind it is connect_failed, which may pass', async () => {
  const peer = await startPeer({
    onUpgrade: (_, socket) => refuseUpgrade(socket, 502, 'text/html', '<h1>Bad Gateway</h1>'),
  })
  const { client } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.start())).toMatchObject({
    code: 'connect_failed',
    message: expect.stringContaining('502'),
  })
})

test('a WebSocket that begins with another frame is not_a_server', async () => {
  const peer = await startPeer({ onSocket: (socket) => say(socket, { type: 'hello' }) })
  const { client } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.start())).toMatchObject({
    code: 'not_a_server',
    message: expect.stringContaining('hello'),
  })
})

test('a WebSocket that begins with something else than JSON is not_a_server', async () => {
  const peer = await startPeer({ onSocket: (socket) => socket.send('welcome!') })
  const { client } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.start())).toMatchObject({ code: 'not_a_server' })
})

test('a port that speaks another protocol is not_a_server', async () => {
  const banner = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n'))
  await new Promise<void>((resolve) => banner.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void banner.close())
  const { client } = createClient({
    connectionUrl: `http://127.0.0.1:${(banner.address() as AddressInfo).port}`,
  })
  expect(await rejection(client.start())).toMatchObject({ code: 'not_a_server' })
})

test('a server that takes the line and says nothing is connect_timeout after connectTimeoutMs', async () => {
  const peer = await startPeer({ onUpgrade: () => true })
  const { client } = createClient({ connectionUrl: peer.url, connectTimeoutMs: 100 })
  const error = await rejection(client.start())
  expect(error).toMatchObject({ code: 'connect_timeout', hint: expect.stringContaining('connectTimeoutMs') })
  expect((error as Error).message).toContain(peer.url)
})

test('timeoutMs bounds start as well when it is the shorter one', async () => {
  const peer = await startPeer({ onSocket() {} })
  const { client } = createClient({ connectionUrl: peer.url, timeoutMs: 100 })
  const error = await rejection(client.start())
  expect(error).toMatchObject({ code: 'connect_timeout', message: expect.stringContaining('100 ms') })
  await until(() => peer.sockets.length === 0, 'the socket is given up')
})

test('a server that never answers POST /config is connect_timeout', async () => {
  const peer = await startPeer({ onHttp() {} })
  const { client } = createClient({ connectionUrl: peer.url, connectTimeoutMs: 300, model: 'sonnet' })
  expect(await rejection(client.start())).toMatchObject({ code: 'connect_timeout' })
  await until(() => peer.sockets.length === 0, 'the socket is given up')
})

test('a limit that no timer can hold does not end start at once', async () => {
  const peer = await startPeer()
  const { client } = createClient({ connectionUrl: peer.url, connectTimeoutMs: Infinity })
  await client.start()
  expect(client.state.status).toBe('connected')
})

test('a client whose start failed can be started again', async () => {
  let busy = true
  const peer = await startPeer({
    onSocket(socket) {
      if (busy) socket.close(4409)
      else say(socket, { type: 'connected' })
    },
  })
  const { client, states } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.start())).toMatchObject({ code: 'already_connected' })
  busy = false
  await client.start()
  expect(states.map(({ status }) => status)).toEqual(['connecting', 'closed', 'connecting', 'connected'])
})

test('start called twice makes one connection', async () => {
  const peer = await startPeer()
  const { client } = createClient({ connectionUrl: peer.url })
  await Promise.all([client.start(), client.start()])
  await client.start()
  expect(peer.upgrades).toBe(1)
})

test('the token goes in a header of the upgrade and of each request', async () => {
  let authorization: string | undefined
  const peer = await startPeer({
    onSocket(socket, request) {
      authorization = request.headers.authorization
      say(socket, { type: 'connected' })
    },
  })
  const { client } = createClient({ connectionUrl: peer.url, token: 'open-sesame', model: 'haiku' })
  await client.start()
  expect(authorization).toBe('Bearer open-sesame')
  expect(peer.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer open-sesame'])
  expect(peer.frames).toEqual([])
})

test('the address works as http and ws, with a prefix and with slashes at its end', async () => {
  const paths: (string | undefined)[] = []
  const peer = await startPeer({
    onSocket(socket, request) {
      paths.push(request.url)
      say(socket, { type: 'connected' })
    },
  })
  for (const url of [peer.url, `${peer.url}/`, `ws://127.0.0.1:${peer.port}/a/b/`, `${peer.url}/a?key=1`]) {
    const { client } = createClient({ connectionUrl: url, model: 'haiku' })
    await client.start()
    await client.stop()
  }
  expect(paths).toEqual(['/ws', '/ws', '/a/b/ws', '/a/ws?key=1'])
  expect(peer.requests.map(({ url }) => url)).toEqual([
    '/config',
    '/config',
    '/a/b/config',
    '/a/config?key=1',
  ])
})

test('a refusal of POST /config fails start with the server’s code and frees the slot', async () => {
  const peer = await startPeer({
    onHttp: (_, response) =>
      json(response, 400, {
        error: 'maxTurns: not a number',
        code: 'invalid_config',
        hint: 'Give a number.',
      }),
  })
  const { client } = createClient({ connectionUrl: peer.url, maxTurns: 1 })
  expect(await rejection(client.start())).toMatchObject({ code: 'invalid_config', hint: 'Give a number.' })
  await until(() => peer.sockets.length === 0, 'the slot is free')
  expect(client.state.status).toBe('closed')
})

test('a connection that drops while POST /config runs fails start', async () => {
  const peer = await startPeer({
    onHttp() {
      for (const socket of peer.sockets) socket.terminate()
    },
  })
  const { client } = createClient({ connectionUrl: peer.url, model: 'haiku' })
  expect(await rejection(client.start())).toMatchObject({ code: 'connect_failed' })
})
