import { afterEach, expect, test, vi } from 'vitest'
import { ClaudeAgentClient, type WSOutputMessage } from '../src/index.ts'
import { Delivery } from '../src/delivery.ts'
import { createClient, uuids } from './clients.ts'
import { say, startPeer, until, whole } from './peer.ts'

afterEach(() => vi.restoreAllMocks())

test('a handler that comes after start gets what was said before it, in order', async () => {
  const peer = await startPeer({
    onSocket: (socket) => say(socket, { type: 'connected' }, whole('a'), whole('b')),
  })
  await using client = Object.assign(new ClaudeAgentClient({ connectionUrl: peer.url }), {
    [Symbol.asyncDispose]: () => client.stop(),
  })
  await client.start()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const messages: WSOutputMessage[] = []
  const off = client.onMessage((message) => {
    messages.push(message)
    if (messages.length === 4) off()
  })
  expect(messages).toEqual([])
  say(peer.sockets[0], whole('c'), whole('d'))
  await until(() => messages.length === 4)
  expect(messages[0]).toEqual({ type: 'connected' })
  expect(uuids(messages)).toEqual(['a', 'b', 'c'])
})

test('nothing is handed on before the client may send', async () => {
  const peer = await startPeer({
    onSocket: (socket) => say(socket, { type: 'connected' }, whole('a')),
  })
  const { client, messages } = createClient({ connectionUrl: peer.url, model: 'sonnet' })
  const failures: unknown[] = []
  client.onMessage(({ type }) => {
    if (type !== 'connected') return
    try {
      client.interrupt()
    } catch (error) {
      failures.push(error)
    }
  })
  await client.start()
  await until(() => messages.length === 2 && peer.frames.length === 1)
  expect(failures).toEqual([])
})

test('a handler that throws or rejects is reported and breaks neither the others nor the connection', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {})
  const peer = await startPeer()
  const client = new ClaudeAgentClient({ connectionUrl: peer.url })
  client.onMessage(() => {
    throw new Error('thrown in a handler')
  })
  const rejects = (() => Promise.reject(new Error('rejected in a handler'))) as () => void
  client.onMessage(rejects)
  client.onState(() => {
    throw new Error('thrown in a state handler')
  })
  const messages: WSOutputMessage[] = []
  client.onMessage((message) => messages.push(message))
  await client.start()
  say(peer.sockets[0], whole('a'))
  await until(() => messages.length === 2)
  expect(client.state.status).toBe('connected')
  const texts = report.mock.calls.map((call) => call.join(' '))
  expect(texts.filter((text) => text.includes('thrown in a handler'))).toHaveLength(2)
  expect(texts.filter((text) => text.includes('rejected in a handler'))).toHaveLength(2)
  expect(texts.filter((text) => text.includes('thrown in a state handler'))).toHaveLength(2)
  await client.stop()
})

test('an unsubscribed handler hears nothing more; unsubscribing twice takes nobody else’s place', async () => {
  const peer = await startPeer()
  const { client, messages } = createClient({ connectionUrl: peer.url })
  const heard: string[] = []
  const handler = ({ type }: WSOutputMessage): void => void heard.push(type)
  const off = client.onMessage(handler)
  client.onMessage(handler)
  off()
  off()
  await client.start()
  await until(() => messages.length === 1)
  expect(heard).toEqual(['connected'])
})

test('a handler that is added while a message is handed on begins with the next', () => {
  const delivery = new Delivery()
  const late: string[] = []
  delivery.add(() => void delivery.add(({ type }) => late.push(type)))
  return Promise.resolve().then(async () => {
    delivery.release()
    delivery.push({ type: 'connected' })
    await Promise.resolve()
    expect(late).toEqual([])
  })
})

test('frames that are no messages are left out; types that nobody knows are handed on', async () => {
  const peer = await startPeer()
  const { client, messages } = createClient({ connectionUrl: peer.url })
  await client.start()
  const socket = peer.sockets[0]
  socket?.send('{')
  socket?.send('null')
  socket?.send('[]')
  socket?.send('{"type":7}')
  socket?.send(Buffer.from('{"type":"binary"}'))
  say(socket, { type: 'of_the_future', data: 1 })
  await until(() => messages.length === 2)
  expect(messages[1]).toEqual({ type: 'of_the_future', data: 1 })
})

test('what waits for the first handler is bounded: the oldest goes first', async () => {
  const delivery = new Delivery()
  delivery.release()
  for (let index = 0; index < 10_005; index += 1) delivery.push({ type: 'info', data: String(index) })
  const heard: WSOutputMessage[] = []
  delivery.add((message) => heard.push(message))
  await Promise.resolve()
  expect(heard).toHaveLength(10_000)
  expect(heard[0]).toEqual({ type: 'info', data: '5' })
})

test('what waits stays when a handler stops the delivery in the middle', async () => {
  const delivery = new Delivery()
  const heard: WSOutputMessage[] = []
  delivery.add((message) => {
    heard.push(message)
    if (heard.length === 1) delivery.hold()
  })
  await Promise.resolve()
  for (const data of ['1', '2']) delivery.push({ type: 'info', data })
  delivery.release()
  expect(heard).toEqual([{ type: 'info', data: '1' }])
  delivery.release()
  expect(heard).toHaveLength(2)
})

test('a message of which nothing is heard because all handlers left is not kept', async () => {
  const delivery = new Delivery()
  delivery.release()
  const off = delivery.add(() => {})
  await Promise.resolve()
  off()
  delivery.push({ type: 'info', data: 'gone' })
  const heard: WSOutputMessage[] = []
  delivery.add((message) => heard.push(message))
  await Promise.resolve()
  expect(heard).toEqual([])
})
