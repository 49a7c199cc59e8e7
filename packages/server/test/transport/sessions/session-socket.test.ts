import { setTimeout as delay } from 'node:timers/promises'
import type { MessageAccepted } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import { MemoryLog } from '../../../src/log/memory-log.ts'
import { until } from '../../support.ts'
import { startSessionServer } from './session-server.ts'

const prompt = (uuid: string): unknown => ({
  type: 'user',
  uuid,
  message: { role: 'user', content: 'hello' },
})

describe('a client that connects', () => {
  test('is told where it is, then gets what was, that this is all, and what happens', async () => {
    const server = await startSessionServer()
    server.session.publish('a', 'b')
    await server.session.feed.settled()
    const client = await server.connect()
    await client.take('caught_up')
    server.session.publish('c')
    await client.take('info', 3)
    const { id: log } = server.session.feed
    expect(client.frames).toEqual([
      expect.objectContaining({ type: 'connected', protocol: 3, server: '0.0.0', log, lastSeq: 2 }),
      expect.objectContaining({ seq: 1, data: 'a' }),
      expect.objectContaining({ seq: 2, data: 'b' }),
      { type: 'caught_up', seq: 2 },
      expect.objectContaining({ seq: 3, data: 'c' }),
    ])
    expect(server.session.calls).toEqual([['warm']])
  })

  test('after event 1 gets 2 and 3, each once; after the latest only what happens', async () => {
    const server = await startSessionServer()
    server.session.publish('a', 'b', 'c')
    await server.session.feed.settled()
    const { id: log } = server.session.feed
    const clients = await Promise.all([
      server.connect('?after=1'),
      server.connect(`?after=${log}:1`),
      server.connect('?after=latest'),
    ])
    for (const client of clients) await client.take('caught_up')
    server.session.publish('d')
    for (const client of clients) await until('d', () => client.seqs.at(-1) === 4)
    expect(clients.map(({ seqs }) => seqs)).toEqual([[2, 3, 4], [2, 3, 4], [4]])
  })

  test('with a cursor of another log, or beyond the end, is told of the gap and gets all there is', async () => {
    const server = await startSessionServer()
    server.session.publish('a', 'b')
    await server.session.feed.settled()
    for (const [after, seq] of [
      ['another:1', 1],
      ['17', 17],
    ] as const) {
      const client = await server.connect(`?after=${after}`)
      await client.take('caught_up')
      expect(client.frames.slice(1)).toMatchObject([
        { type: 'gap', after: seq, first: 1 },
        { seq: 1 },
        { seq: 2 },
        { type: 'caught_up', seq: 2 },
      ])
    }
  })

  test('from the start of a log whose start is gone is told of the gap, once', async () => {
    const server = await startSessionServer({ log: new MemoryLog({ maxBytes: 200 }) })
    for (let i = 0; i < 10; i += 1) {
      server.session.publish('x'.repeat(50))
      await server.session.feed.settled()
    }
    const { firstSeq: first } = server.session.feed
    expect(first).toBeGreaterThan(1)
    const client = await server.connect('?after=0')
    await client.take('caught_up')
    expect(await client.take('gap')).toEqual([{ type: 'gap', after: 0, first }])
    expect(client.seqs[0]).toBe(first)
  })

  test('gets partial messages as they are said', async () => {
    const server = await startSessionServer()
    const client = await server.connect()
    await client.take('caught_up')
    server.session.publishPartial('hel')
    expect(await client.take('sdk_message')).toEqual([
      { type: 'sdk_message', data: { type: 'stream_event', text: 'hel' } },
    ])
  })

  test.each([
    ['?after=nope', 'one', 'invalid_request', 1008],
    ['?client=', 'one', 'invalid_request', 1008],
    ['?client=%00', 'one', 'invalid_request', 1008],
    [`?client=${'x'.repeat(101)}`, 'one', 'invalid_request', 1008],
    ['', 'unknown', 'session_not_found', 4404],
    ['', 'gone', 'session_deleted', 4404],
  ])('with %s to %s reads %s and is closed with %i', async (query, id, error, close) => {
    const server = await startSessionServer()
    const client = await server.connect(query, id)
    expect((await client.gone()).code).toBe(close)
    expect(client.frames).toEqual([expect.objectContaining({ type: 'error', code: error })])
  })

  test('is known by the name that it gives itself, or one that nobody else has', async () => {
    const server = await startSessionServer()
    const named = await server.connect('?client=Ann%20%C3%A9')
    const [first, second] = await Promise.all([server.connect(), server.connect()])
    const nameOf = async (client: typeof named): Promise<string> =>
      ((await client.take('connected'))[0] as unknown as { client: string }).client
    expect(await nameOf(named)).toBe('Ann é')
    expect(await nameOf(first)).toMatch(/^client-\d+$/)
    expect(await nameOf(first)).not.toBe(await nameOf(second))
  })
})

describe('frames of a client', () => {
  test('are answered under their ids, replies and errors alike', async () => {
    const server = await startSessionServer()
    const client = await server.connect('?client=Ann')
    client.send({ type: 'user_message', id: 'm', data: prompt('u1') })
    client.send({ type: 'interrupt', id: 'i' })
    client.send({ type: 'cancel', id: 'c', uuid: 'u2' })
    client.send({ type: 'answer', id: 'a', ask: 'q', result: { behavior: 'deny', message: 'no' } })
    client.send({ type: 'cancel', id: 'c2', uuid: 'unknown' })
    client.send({ type: 'answer', id: 'a2', ask: 'settled', error: 'no' })
    const replies = await client.take('reply', 4)
    expect(new Map(replies.map(({ id, result }) => [id, result]))).toEqual(
      new Map<string, unknown>([
        ['m', { uuid: 'u1', seq: 7, turn: 'own' }],
        ['i', {}],
        ['c', { uuid: 'u2', outcome: 'cancelled' }],
        ['a', { ask: 'q', outcome: 'answered', by: 'Ann', seq: 9 }],
      ]),
    )
    expect(await client.take('error', 2)).toMatchObject([
      { id: 'c2', code: 'prompt_not_found' },
      { id: 'a2', code: 'already_settled' },
    ])
    expect(server.session.calls).toContainEqual(['answer', 'settled', { error: 'no' }, 'Ann'])
  })

  test('without an id are answered only when they fail', async () => {
    const server = await startSessionServer()
    const client = await server.connect()
    client.send({ type: 'interrupt' })
    client.send({ type: 'user_message', data: prompt('u') })
    client.send({ type: 'cancel', uuid: 'unknown' })
    const [error] = await client.take('error')
    expect(error).not.toHaveProperty('id')
    expect(client.frames.some(({ type }) => type === 'reply')).toBe(false)
  })

  test('are handed on in the order of their arrival, also when the first takes long', async () => {
    const server = await startSessionServer()
    const waiting: ((accepted: MessageAccepted) => void)[] = []
    server.session.accepted = () => new Promise((resolve) => waiting.push(resolve))
    const client = await server.connect()
    for (const uuid of ['1', '2', '3']) client.send({ type: 'user_message', id: uuid, data: prompt(uuid) })
    client.send({ type: 'interrupt', id: 'i' })
    await client.take('reply')
    expect(server.session.calls.slice(-4)).toEqual([
      ['send', '1'],
      ['send', '2'],
      ['send', '3'],
      ['interrupt'],
    ])
    for (const [i, resolve] of waiting.reverse().entries()) resolve({ uuid: `${3 - i}`, seq: i, turn: 'own' })
    expect((await client.take('reply', 4)).map(({ id }) => id)).toEqual(['i', '3', '2', '1'])
  })

  test('that come while the session opens are handed on once it is open, in order', async () => {
    let open = (): void => {}
    const server = await startSessionServer({ opening: new Promise((resolve) => (open = resolve)) })
    const client = await server.connect()
    for (let i = 0; i < 50; i += 1) client.send({ type: 'user_message', id: `${i}`, data: prompt(`${i}`) })
    await delay(50)
    expect(server.session.calls).toEqual([])
    open()
    await client.take('reply', 50)
    expect(server.session.calls.slice(1)).toEqual(Array.from({ length: 50 }, (_, i) => ['send', `${i}`]))
    expect(client.frames[0]?.type).toBe('connected')
  })

  test.each([
    ['{"type":"nope","id":"x"}', 'unknown_type', 'x'],
    ['{"type":"cancel","id":"x"}', 'invalid_message', 'x'],
    ['{"type":"answer","id":"x","ask":"q"}', 'invalid_message', 'x'],
    ['{"type":"answer","id":"x","ask":"q","error":"","result":{}}', 'invalid_message', 'x'],
    ['{"type":"interrupt","id":7}', 'invalid_message', undefined],
    [`{"type":"interrupt","id":"${'x'.repeat(201)}"}`, 'invalid_message', undefined],
    ['{"id":"x"', 'invalid_json', undefined],
    ['null', 'unknown_type', undefined],
    ['\u0000', 'invalid_json', undefined],
  ])('that are wrong hurt nobody: %s', async (text, code, id) => {
    const server = await startSessionServer()
    const [client, other] = await Promise.all([server.connect(), server.connect()])
    client.send(text)
    const [error] = await client.take('error')
    expect(error).toMatchObject({ code, ...(id === undefined ? {} : { id }) })
    if (id === undefined) expect(error).not.toHaveProperty('id')
    client.send({ type: 'interrupt', id: 'after' })
    await client.take('reply')
    expect(other.frames.some(({ type }) => type === 'error')).toBe(false)
  })

  test('that are binary or too large get an error, and the socket stays', async () => {
    const server = await startSessionServer({ maxFrameBytes: 1000 })
    const client = await server.connect()
    client.socket.send(Buffer.from('{"type":"interrupt"}'))
    client.send({ type: 'interrupt', id: 'x', more: 'y'.repeat(1500) })
    const errors = await client.take('error', 2)
    expect(errors).toMatchObject([{ code: 'binary_frame' }, { code: 'frame_too_large' }])
    client.send({ type: 'heartbeat' })
    await client.take('heartbeat')
  })

  test('of type auth are ignored once the client may speak', async () => {
    const server = await startSessionServer()
    const client = await server.connect()
    client.send({ type: 'auth', token: 'whatever' })
    client.send({ type: 'interrupt', id: 'i' })
    await client.take('reply')
    expect(client.frames.some(({ type }) => type === 'error')).toBe(false)
  })
})

describe('the line', () => {
  test('is kept alive by heartbeats and pings; a client that answers them is kept', async () => {
    const server = await startSessionServer({
      timing: { lookMs: 5, heartbeatMs: 20, pingMs: 50, silenceMs: 1000 },
    })
    const client = await server.connect()
    await client.take('heartbeat', 60)
    expect(client.closed).toBeUndefined()
  })

  test('to a client that answers nothing is cut', async () => {
    const server = await startSessionServer({
      timing: { lookMs: 5, heartbeatMs: 10_000, pingMs: 50, silenceMs: 1000 },
    })
    const client = await server.connect()
    const reader = await server.connect()
    await client.take('caught_up')
    client.socket.pause()
    await until('one reader is left', () => server.session.closed.size === 1)
    expect(reader.closed).toBeUndefined()
  })

  test('is not cut because the server itself stood still', async () => {
    const server = await startSessionServer({ timing: { lookMs: 10, pingMs: 50, silenceMs: 500 } })
    const client = await server.connect()
    await client.take('caught_up')
    for (const end = Date.now() + 700; Date.now() < end;);
    await delay(100)
    client.send({ type: 'heartbeat' })
    await client.take('heartbeat')
  })

  test('ends with the session: 4404 when it was deleted, 1012 when the server stops', async () => {
    const server = await startSessionServer()
    const first = await server.connect()
    await first.take('connected')
    server.session.end('stopping')
    expect(await first.gone()).toEqual({ code: 1012, reason: 'restarting' })
    const second = await server.connect()
    await second.take('connected')
    server.session.end('deleted')
    expect((await second.gone()).code).toBe(4404)
    expect(second.frames.at(-1)).toMatchObject({ type: 'error', code: 'session_deleted' })
    await until('nobody listens any more', () => server.session.closed.size === 0)
  })
})

describe('on a server with a token', () => {
  test('a stranger hears the same of every session, and nothing before the token', async () => {
    const server = await startSessionServer({ token: 'right' })
    for (const id of ['one', 'gone', 'unknown']) {
      const client = await server.connect('', id)
      client.send({ type: 'auth', token: 'wrong' })
      expect((await client.gone()).code).toBe(4401)
      expect(client.frames).toEqual([expect.objectContaining({ type: 'error', code: 'unauthorized' })])
    }
    expect(server.session.calls).toEqual([])
  })

  test('what comes right behind the token is handed on', async () => {
    const server = await startSessionServer({ token: 'right' })
    const client = await server.connect()
    client.raw.cork()
    client.send({ type: 'auth', token: 'right' })
    client.send({ type: 'interrupt', id: 'i' })
    client.raw.uncork()
    expect(await client.take('reply')).toEqual([{ type: 'reply', id: 'i', result: {} }])
    expect(client.frames[0]?.type).toBe('connected')
  })

  test('addresses that nothing serves are told of only to who may know', async () => {
    const server = await startSessionServer({ token: 'right' })
    for (const id of ['one/more', '']) {
      const client = await server.connect('', id)
      client.send({ type: 'auth', token: 'right' })
      expect((await client.gone()).code).toBe(1008)
      expect(client.frames).toEqual([expect.objectContaining({ type: 'error', code: 'not_found' })])
    }
  })
})
