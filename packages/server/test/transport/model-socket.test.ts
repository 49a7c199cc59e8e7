import { request as httpRequest } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { until } from '../support.ts'
import { Bringer, startModelServer } from './model-server.ts'

/** The error that the CLI shows. */
const messageOf = async (answer: Response): Promise<string> =>
  ((await answer.json()) as { error: { message: string } }).error.message

describe('a request of an agent', () => {
  test('goes to a client that is parked, without the placeholder, and its answer comes back', async () => {
    const server = await startModelServer()
    const bringer = await server.bring()
    const answer = server.ask('/v1/messages?beta=true', { headers: { 'anthropic-beta': 'x', cookie: 'a=b' } })
    const request = await bringer.request()
    expect(request).toMatchObject({ method: 'POST', path: '/v1/messages?beta=true', hasBody: true })
    expect(request.headers).toMatchObject({ 'anthropic-beta': 'x', 'content-length': '7' })
    for (const name of ['x-api-key', 'authorization', 'cookie', 'host', 'connection'])
      expect(request.headers).not.toHaveProperty(name)
    expect(JSON.stringify(request)).not.toContain('placeholder')
    await bringer.take('end')
    expect(bringer.text).toBe('{"a":1}')
    bringer.answer('{"b":2}', 201, { 'x-answer': 'yes', 'transfer-encoding': 'gzip' })
    const given = await answer
    expect([given.status, given.headers.get('x-answer'), await given.text()]).toEqual([201, 'yes', '{"b":2}'])
  })

  test('without a body has none for the client either', async () => {
    const server = await startModelServer()
    const bringer = await server.bring()
    const answer = server.ask('/v1/models', { method: 'GET', body: null })
    expect(await bringer.request()).toMatchObject({ method: 'GET', path: '/v1/models', hasBody: false })
    bringer.answer('[]')
    expect(await (await answer).text()).toBe('[]')
    expect(bringer.frames.filter(({ type }) => type === 'end')).toEqual([])
  })

  test('streams: a part of the answer arrives while the client still holds the next', async () => {
    const server = await startModelServer()
    const bringer = await server.bring()
    const answer = server.ask()
    await bringer.request()
    bringer.say({ type: 'response', status: 200, headers: { 'content-type': 'text/event-stream' } })
    bringer.socket.send(Buffer.from('data: first\n\n'))
    const reader = (await answer).body!.getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: first\n\n')
    bringer.socket.send(Buffer.from('data: second\n\n'))
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: second\n\n')
  })

  test('waits for a client that comes later', async () => {
    const server = await startModelServer()
    const answer = server.ask()
    const unparked = await server.bring({ park: false })
    const bringer = await server.bring()
    await bringer.request()
    bringer.answer('late')
    expect(await (await answer).text()).toBe('late')
    expect(unparked.requests).toBe(0)
  })

  test('that no client comes for fails with words that say so', async () => {
    const server = await startModelServer({ waitMs: 50 })
    const answer = await server.ask()
    expect(answer.status).toBe(502)
    const message = await messageOf(answer)
    expect(message).toContain('no client that brings the model is connected')
    expect(message).toContain('CLAUDE_AGENT_BROKER=client')
  })

  test('that nobody waits for any more is given to no client', async () => {
    const server = await startModelServer()
    const leaving = new AbortController()
    const gone = server.ask('/v1/messages?gone', { signal: leaving.signal }).catch(() => 'gone')
    const kept = server.ask('/v1/messages?kept')
    await delay(50)
    leaving.abort()
    expect(await gone).toBe('gone')
    await delay(50)
    const bringer = await server.bring()
    expect((await bringer.request()).path).toBe('/v1/messages?kept')
    bringer.answer('')
    await kept
  })

  test('is one of a hundred that wait; the next one is refused at once', async () => {
    const server = await startModelServer()
    const waiting = Array.from({ length: 100 }, () => server.ask())
    await delay(300)
    const answer = await server.ask()
    expect([answer.status, await messageOf(answer)]).toEqual([
      502,
      expect.stringContaining('100 requests wait'),
    ])
    await server.broker.close()
    await Promise.allSettled(waiting)
  })
})

test('several requests go to several sockets, one each, and a socket takes the next when it is parked again', async () => {
  const server = await startModelServer()
  const [one, two] = [await server.bring(), await server.bring()]
  const answers = [server.ask('/v1/messages?1'), server.ask('/v1/messages?2'), server.ask('/v1/messages?3')]
  await Promise.all([one.request(), two.request()])
  expect([one.requests, two.requests]).toEqual([1, 1])
  one.answer('of one')
  await delay(30)
  expect(one.requests, 'not parked').toBe(1)
  one.say({ type: 'park' })
  expect((await one.request(2)).path).toBe('/v1/messages?3')
  one.answer('of one')
  two.answer('of two')
  const texts = await Promise.all(answers.map(async (answer) => await (await answer).text()))
  expect(texts.toSorted()).toEqual(['of one', 'of one', 'of two'])
})

describe('an agent that goes away', () => {
  test('has its request cancelled at the client, whose socket is good for the next', async () => {
    const server = await startModelServer()
    const bringer = await server.bring()
    const leaving = new AbortController()
    const answer = server.ask('/v1/messages', { signal: leaving.signal })
    await bringer.request()
    bringer.say({ type: 'response', status: 200, headers: {} })
    bringer.socket.send(Buffer.from('x'))
    await answer
    leaving.abort()
    await bringer.take('cancel')
    bringer.socket.send(Buffer.from('that was under way'))
    bringer.say({ type: 'end' })
    bringer.say({ type: 'park' })
    const next = server.ask('/v1/messages?next')
    await bringer.request(2)
    bringer.answer('next')
    expect(await (await next).text()).toBe('next')
  })

  test('frees no socket whose client does not answer the cancellation: that one is ended', async () => {
    const server = await startModelServer({ timing: { lookMs: 20, cancelMs: 50 } })
    const bringer = await server.bring()
    const leaving = new AbortController()
    const answer = server.ask('/v1/messages', { signal: leaving.signal }).catch(() => {})
    await bringer.request()
    leaving.abort()
    await answer
    expect((await bringer.gone()).code).toBe(1006)
  })
})

describe('a client that', () => {
  test('answers before it has the whole body hears no more of it', async () => {
    const server = await startModelServer()
    const bringer = await server.bring()
    const { port } = new URL(server.broker.url)
    const { placeholder } = server.broker.grant(() => undefined)
    const sent = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/v1/messages' })
    sent.setHeader('x-api-key', placeholder)
    sent.on('error', () => {})
    sent.write('a beginning')
    await bringer.request()
    const status = new Promise((resolve) => sent.once('response', (it) => resolve(it.resume().statusCode)))
    bringer.answer('too large', 413)
    await bringer.take('cancel')
    expect(await status).toBe(413)
    sent.destroy()
    bringer.say({ type: 'park' })
    const next = server.ask()
    await bringer.request(2)
    bringer.answer('next')
    expect(await (await next).text()).toBe('next')
  })

  test('could not make the request says why, and the agent reads it', async () => {
    const server = await startModelServer()
    const bringer = await server.bring()
    const answer = server.ask()
    await bringer.request()
    bringer.say({ type: 'error', error: 'the host could not be reached', code: 'connect_failed' })
    const given = await answer
    expect([given.status, await messageOf(given)]).toEqual([
      502,
      expect.stringContaining('the host could not be reached'),
    ])
  })

  test('is lost before the answer fails the request, which is given to no other client by the server', async () => {
    const server = await startModelServer()
    const bringer = await server.bring()
    const answer = server.ask()
    await bringer.request()
    const other = await server.bring()
    bringer.socket.terminate()
    const given = await answer
    expect([given.status, await messageOf(given)]).toEqual([
      502,
      expect.stringContaining('connection was lost'),
    ])
    expect(other.requests).toBe(0)
  })

  test.each(['is lost', 'breaks off'])('%s within the answer cuts it for the agent too', async (how) => {
    const server = await startModelServer()
    const bringer = await server.bring()
    const answer = server.ask()
    await bringer.request()
    bringer.say({ type: 'response', status: 200, headers: {} })
    bringer.socket.send(Buffer.from('a part'))
    const given = await answer
    if (how === 'is lost') bringer.socket.terminate()
    else bringer.say({ type: 'error', error: 'broke', code: 'connect_failed' })
    await expect(given.text()).rejects.toThrow()
  })

  test('redirects is not followed', async () => {
    const server = await startModelServer()
    const bringer = await server.bring()
    const answer = server.ask()
    await bringer.request()
    bringer.say({ type: 'response', status: 307, headers: { location: 'http://elsewhere.example/' } })
    const given = await answer
    expect([given.status, given.headers.get('location')]).toEqual([502, null])
    expect(await given.text()).toContain('redirects are not followed')
  })

  test('gives headers that are none fails the request, and nothing else', async () => {
    const server = await startModelServer()
    const bringer = await server.bring()
    const answer = server.ask()
    await bringer.request()
    bringer.say({ type: 'response', status: 200, headers: { 'x-split': 'a\r\nset-cookie: b' } })
    const given = await answer
    expect([given.status, given.headers.get('set-cookie')]).toEqual([502, null])
  })

  test.each([
    ["a second 'park' within a request", (it: Bringer) => it.say({ type: 'park' })],
    ['bytes before an answer', (it: Bringer) => it.socket.send(Buffer.from('x'))],
    ['a second answer', (it: Bringer) => void [it.answer('one'), it.answer('two')]],
    ['a status that is none', (it: Bringer) => it.say({ type: 'response', status: 101, headers: {} })],
    ['a frame that is no JSON', (it: Bringer) => it.socket.send('{')],
  ])('sends %s is closed with 1008, and takes no request any more', async (_, send) => {
    const server = await startModelServer({ waitMs: 100 })
    const bringer = await server.bring()
    const answer = server.ask().then((given) => given.text(), String)
    await bringer.request()
    send(bringer)
    expect((await bringer.gone()).code).toBe(1008)
    await answer
    expect((await server.ask()).status).toBe(502)
  })

  test('was refused gets no request for what it still says', async () => {
    const server = await startModelServer({ waitMs: 100 })
    const bringer = await server.bring()
    bringer.raw.pause()
    // In one breath, before it can hear that it is refused.
    bringer.socket.send('{')
    bringer.say({ type: 'park' })
    await delay(50)
    const answer = await server.ask()
    expect(await messageOf(answer)).toContain('no client that brings the model is connected')
    bringer.raw.resume()
    await bringer.gone()
    expect(bringer.requests).toBe(0)
  })

  test('answers no pings is dropped', async () => {
    const server = await startModelServer({ timing: { lookMs: 20, silenceMs: 200 } })
    const dead = await server.bring({ autoPong: false })
    expect((await dead.gone()).code).toBe(1006)
  })
})

test('asks for a heartbeat are answered', async () => {
  const server = await startModelServer()
  const bringer = await server.bring()
  bringer.say({ type: 'heartbeat' })
  await bringer.take('heartbeat')
})

test('a stranger hears nothing, and with the token in the first frame is greeted', async () => {
  const server = await startModelServer({ token: 'the-token' })
  const stranger = new Bringer(new WebSocket(server.url))
  await until('it is open', () => stranger.socket.readyState === WebSocket.OPEN)
  stranger.say({ type: 'park' })
  expect((await stranger.gone()).code).toBe(4401)
  const known = new Bringer(new WebSocket(server.url))
  await until('it is open', () => known.socket.readyState === WebSocket.OPEN)
  known.say({ type: 'auth', token: 'the-token' })
  await known.take('connected')
})

test('a client that reads slowly slows the agent down: little of a large body is in memory', async () => {
  const server = await startModelServer()
  const bringer = await server.bring()
  const size = 64 * 1024 * 1024
  const chunk = Buffer.alloc(64 * 1024)
  let made = 0
  const body = new ReadableStream({
    pull(controller) {
      if (made >= size) return controller.close()
      made += chunk.length
      controller.enqueue(chunk)
    },
  })
  const answer = server.ask('/v1/messages', { body, duplex: 'half' } as RequestInit)
  await bringer.request()
  bringer.raw.pause()
  let before = -1
  await until('nothing moves any more', async () => {
    const isStill = made === before
    before = made
    await delay(200)
    return isStill
  })
  expect(made).toBeLessThan(size / 2)
  bringer.raw.resume()
  await bringer.take('end')
  expect(bringer.bytes).toBe(size)
  bringer.answer('got it')
  expect(await (await answer).text()).toBe('got it')
})

test('an agent that reads slowly slows the client down', async () => {
  const server = await startModelServer()
  const bringer = await server.bring()
  const answer = server.ask()
  await bringer.request()
  bringer.say({ type: 'response', status: 200, headers: {} })
  const chunk = Buffer.alloc(64 * 1024)
  const count = 1024
  const given = await answer
  for (let i = 0; i < count; i += 1) bringer.socket.send(chunk)
  bringer.say({ type: 'end' })
  await delay(500)
  expect(bringer.socket.bufferedAmount).toBeGreaterThan((chunk.length * count) / 4)
  expect((await given.arrayBuffer()).byteLength).toBe(chunk.length * count)
})
