import { expect, test } from 'vitest'
import { createClient, uuids } from './clients.ts'
import { json, refuseUpgrade, rejection, say, startPeer, until, whole } from './peer.ts'

test('a dropped connection comes back by itself, and the states tell how', async () => {
  const peer = await startPeer()
  const { client, states } = createClient({ connectionUrl: peer.url })
  await client.start()
  peer.sockets[0]?.terminate()
  await until(() => states.filter(({ status }) => status === 'connected').length === 2)
  expect(states.map(({ status }) => status)).toEqual([
    'connecting',
    'connected',
    'reconnecting',
    'reconnecting',
    'connected',
  ])
  const [waiting, trying] = states.slice(2)
  expect(waiting?.error).toMatchObject({ code: 'connect_failed' })
  expect(waiting?.retryInMs).toBeGreaterThanOrEqual(125)
  expect(waiting?.retryInMs).toBeLessThanOrEqual(250)
  expect(trying).toEqual({ status: 'reconnecting', error: waiting?.error })
  client.interrupt()
  await until(() => peer.frames.length === 1)
})

test('send while reconnecting throws not_connected with the words of the predecessor', async () => {
  const peer = await startPeer()
  const { client } = createClient({ connectionUrl: peer.url })
  expect(() => client.interrupt()).toThrow('WebSocket is not connected')
  await client.start()
  peer.sockets[0]?.terminate()
  await until(() => client.state.status === 'reconnecting')
  try {
    client.interrupt()
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({ code: 'not_connected', message: 'WebSocket is not connected' })
  }
})

test('a server that is away for a while is found again, with a longer wait each time', async () => {
  const peer = await startPeer()
  const { client, states } = createClient({ connectionUrl: peer.url })
  await client.start()
  await peer.close()
  await until(() => states.filter(({ retryInMs }) => retryInMs !== undefined).length === 3)
  const waits = states.flatMap(({ retryInMs }) => (retryInMs === undefined ? [] : [retryInMs]))
  expect(waits[1]).toBeGreaterThanOrEqual(250)
  expect(waits[2]).toBeGreaterThanOrEqual(500)
  expect(states.at(-1)?.error?.message).toContain('ECONNREFUSED')
  await startPeer({ port: peer.port })
  await until(() => client.state.status === 'connected')
})

test('a server that accepts and drops at once is not hammered: the wait grows', async () => {
  const peer = await startPeer({
    onSocket(socket) {
      say(socket, { type: 'connected' })
      setTimeout(() => socket.terminate(), 20)
    },
  })
  const { client, states } = createClient({ connectionUrl: peer.url })
  await client.start()
  const waits = (): number[] => states.flatMap(({ retryInMs }) => retryInMs ?? [])
  await until(() => waits().length === 4)
  expect(waits()[3]).toBeGreaterThanOrEqual(1_000)
})

test('a server that restarts (1012) and one that is busy are tried again', async () => {
  let turn = 0
  const peer = await startPeer({
    onSocket(socket) {
      turn += 1
      if (turn === 2) return socket.close(4409)
      say(socket, { type: 'connected' })
      if (turn === 1) socket.close(1012, 'restarting')
    },
  })
  const { client, states } = createClient({ connectionUrl: peer.url })
  await client.start()
  await until(() => turn === 3 && client.state.status === 'connected')
  const codes = states.flatMap(({ error, retryInMs }) => (retryInMs === undefined ? [] : [error?.code]))
  expect(codes).toEqual(['server_stopping', 'already_connected'])
})

test('a server’s retryAfterMs is waited for', async () => {
  const peer = await startPeer({
    onSocket(socket) {
      say(socket, { type: 'connected' })
      say(socket, { type: 'error', error: 'Later.', code: 'server_stopping', retryAfterMs: 4_000 })
      socket.close(1012)
    },
  })
  const { client, states } = createClient({ connectionUrl: peer.url })
  await client.start()
  await until(() => client.state.status === 'reconnecting')
  expect(states.at(-1)).toMatchObject({
    retryInMs: 4_000,
    error: { code: 'server_stopping', message: 'Later.' },
  })
})

test('a close with 4401 is the end: closed, with the error, until start is called again', async () => {
  const peer = await startPeer()
  const { client, states } = createClient({ connectionUrl: peer.url })
  await client.start()
  peer.sockets[0]?.close(4401)
  await until(() => client.state.status === 'closed')
  expect(states.at(-1)?.error).toMatchObject({ code: 'unauthorized' })
  expect(() => client.interrupt()).toThrow('WebSocket is not connected')
  await client.start()
  expect(client.state.status).toBe('connected')
})

test('a refused origin or host (403) at the upgrade ends the attempts to reconnect', async () => {
  let refuse = false
  const body = JSON.stringify({ error: 'Host ‘x’ is not listed.', code: 'host_refused' })
  const peer = await startPeer({
    onUpgrade: (_, socket) => refuse && refuseUpgrade(socket, 403, 'application/json', body),
  })
  const { client } = createClient({ connectionUrl: peer.url })
  await client.start()
  refuse = true
  peer.sockets[0]?.terminate()
  await until(() => client.state.status === 'closed')
  expect(client.state.error).toMatchObject({ code: 'host_refused' })
})

test('a close code that nobody knows is a drop like any other', async () => {
  const peer = await startPeer()
  const { client, messages } = createClient({ connectionUrl: peer.url })
  await client.start()
  say(peer.sockets[0], { type: 'error', error: 'The frame has 50 MB.', code: 'frame_too_large' })
  peer.sockets[0]?.close(1009, 'too big')
  await until(() => client.state.status === 'reconnecting')
  expect(client.state.error).toMatchObject({ code: 'connect_failed' })
  expect(client.state.error?.message).toContain('close code 1009, ‘too big’')
  await until(() => client.state.status === 'connected')
  expect(messages.map(({ type }) => type)).toEqual(['connected', 'error', 'connected'])
})

test('with reconnect: false a drop closes, with the error', async () => {
  const peer = await startPeer()
  const { client, states } = createClient({ connectionUrl: peer.url, reconnect: false })
  await client.start()
  peer.sockets[0]?.terminate()
  await until(() => client.state.status === 'closed')
  expect(states.at(-1)?.error).toMatchObject({ code: 'connect_failed' })
  expect(peer.upgrades).toBe(1)
})

test('a whole message that is delivered again is handed on once; a partial one as often as it comes', async () => {
  const partial = { type: 'sdk_message', data: { type: 'stream_event', uuid: 'p', event: {} } }
  const peer = await startPeer({
    onSocket: (socket) => say(socket, { type: 'connected' }, whole('a'), partial, whole('b')),
  })
  const { client, messages } = createClient({ connectionUrl: peer.url })
  await client.start()
  await until(() => messages.length === 4)
  peer.sockets[0]?.terminate()
  await until(() => peer.upgrades === 2 && client.state.status === 'connected')
  say(peer.sockets[0], whole('c'))
  await until(() => uuids(messages).includes('c'))
  expect(uuids(messages)).toEqual(['a', 'p', 'b', 'p', 'c'])
})

test('query options are stored again after a reconnect, before the client counts as connected', async () => {
  const peer = await startPeer()
  const { client } = createClient({ connectionUrl: peer.url, model: 'sonnet' })
  await client.start()
  peer.sockets[0]?.terminate()
  await until(() => peer.upgrades === 2 && client.state.status === 'connected')
  expect(peer.requests.map(({ body }) => JSON.parse(String(body)))).toEqual([
    { model: 'sonnet' },
    { model: 'sonnet' },
  ])
})

test('a client that another one keeps out never touches the other’s configuration', async () => {
  let busy = false
  const peer = await startPeer({
    onSocket: (socket) => (busy ? socket.close(4409) : say(socket, { type: 'connected' })),
  })
  const { client, states } = createClient({ connectionUrl: peer.url, model: 'sonnet' })
  await client.start()
  busy = true
  peer.sockets[0]?.terminate()
  await until(() => states.filter(({ retryInMs }) => retryInMs !== undefined).length === 3)
  expect(peer.requests).toHaveLength(1)
  const other = createClient({ connectionUrl: peer.url, model: 'haiku' })
  expect(await rejection(other.client.start())).toMatchObject({ code: 'already_connected' })
  expect(peer.requests).toHaveLength(1)
})

test('a configuration that is refused after a reconnect ends it', async () => {
  let refuse = false
  const peer = await startPeer({
    onHttp: (_, response) =>
      refuse
        ? json(response, 400, { error: 'No.', code: 'invalid_config' })
        : json(response, 200, { success: true, config: {}, applies: 'now' }),
  })
  const { client } = createClient({ connectionUrl: peer.url, model: 'sonnet' })
  await client.start()
  refuse = true
  peer.sockets[0]?.terminate()
  await until(() => client.state.status === 'closed')
  expect(client.state.error).toMatchObject({ code: 'invalid_config' })
})
