import { expect, test } from 'vitest'
import { createClient } from './clients.ts'
import { rejection, say, startPeer, until } from './peer.ts'

test('stop closes with 1000 and resolves when the server has let go', async () => {
  const codes: number[] = []
  const peer = await startPeer({
    onSocket(socket) {
      socket.on('close', (code) => codes.push(code))
      say(socket, { type: 'connected' })
    },
  })
  const { client, states } = createClient({ connectionUrl: peer.url })
  await client.start()
  await client.stop()
  expect(codes).toEqual([1000])
  expect(states.at(-1)).toEqual({ status: 'closed' })
})

test('what was sent before stop arrives', async () => {
  const peer = await startPeer()
  const { client } = createClient({ connectionUrl: peer.url })
  await client.start()
  for (let index = 0; index < 100; index += 1) client.interrupt()
  await client.stop()
  await until(() => peer.frames.length === 100)
})

test('stop can be called twice, at once, and on a client that never started', async () => {
  const peer = await startPeer()
  const { client, states } = createClient({ connectionUrl: peer.url })
  await client.stop()
  expect(states).toEqual([])
  await client.start()
  await Promise.all([client.stop(), client.stop()])
  await client.stop()
  expect(states.map(({ status }) => status)).toEqual(['connecting', 'connected', 'closed'])
})

test('stop during start ends it: start rejects with not_connected and no socket stays', async () => {
  const peer = await startPeer({ onSocket() {} })
  const { client, states } = createClient({ connectionUrl: peer.url })
  const started = rejection(client.start())
  await until(() => peer.sockets.length === 1)
  await client.stop()
  expect(await started).toMatchObject({ code: 'not_connected' })
  expect(states.at(-1)).toEqual({ status: 'closed' })
  await until(() => peer.sockets.length === 0)
})

test('stop before the line is there ends start too', async () => {
  const peer = await startPeer()
  const { client } = createClient({ connectionUrl: peer.url })
  const started = rejection(client.start())
  await client.stop()
  expect(await started).toMatchObject({ code: 'not_connected' })
  await client.start()
  expect(client.state.status).toBe('connected')
})

test('stop inside a state handler ends the start that called it', async () => {
  const peer = await startPeer()
  const { client, states } = createClient({ connectionUrl: peer.url })
  const off = client.onState(({ status }) => {
    if (status === 'connecting') void client.stop()
  })
  expect(await rejection(client.start())).toMatchObject({ code: 'not_connected' })
  expect(states.map(({ status }) => status)).toEqual(['connecting', 'closed'])
  off()
  await client.start()
  expect(client.state.status).toBe('connected')
})

test('stop ends the wait for the next attempt to reconnect', async () => {
  const peer = await startPeer()
  const { client, states } = createClient({ connectionUrl: peer.url })
  await client.start()
  peer.sockets[0]?.terminate()
  await until(() => client.state.status === 'reconnecting')
  await client.stop()
  expect(states.at(-1)).toEqual({ status: 'closed' })
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(peer.upgrades).toBe(1)
})

test('stop ends an attempt to reconnect that is under way', async () => {
  let first = true
  const peer = await startPeer({
    onSocket(socket) {
      if (first) say(socket, { type: 'connected' })
      first = false
    },
  })
  const { client, states } = createClient({ connectionUrl: peer.url })
  await client.start()
  peer.sockets[0]?.terminate()
  await until(() => peer.upgrades === 2)
  await client.stop()
  await until(() => peer.sockets.length === 0)
  expect(states.at(-1)).toEqual({ status: 'closed' })
})

test('stop gives up on a server that never says goodbye', async () => {
  const peer = await startPeer({
    onSocket(socket) {
      say(socket, { type: 'connected' })
      socket.pause()
    },
  })
  const { client } = createClient({ connectionUrl: peer.url })
  await client.start()
  await client.stop()
  expect(client.state.status).toBe('closed')
})

test('a stopped client hands on nothing more', async () => {
  const peer = await startPeer()
  const { client, messages } = createClient({ connectionUrl: peer.url })
  await client.start()
  await until(() => messages.length === 1)
  const stopped = client.stop()
  say(peer.sockets[0], { type: 'info', data: 'late' })
  await stopped
  expect(messages).toEqual([{ type: 'connected' }])
})

test('a stopped client can be started again', async () => {
  const peer = await startPeer()
  const { client, messages } = createClient({ connectionUrl: peer.url })
  await client.start()
  await client.stop()
  await client.start()
  client.interrupt()
  await until(() => peer.frames.length === 1)
  await until(() => messages.length === 2)
})
