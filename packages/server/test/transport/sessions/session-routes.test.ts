import type { EventPage } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import { MemoryLog } from '../../../src/log/memory-log.ts'
import { startSessionServer, type SessionServer } from './session-server.ts'

const message = { type: 'user', uuid: 'u', message: { role: 'user', content: 'hello' } }

describe('requests', () => {
  test('create, list, read, change and delete sessions', async () => {
    const server = await startSessionServer()
    expect((await server.request('POST', '/sessions', { id: 'one', options: { model: 'm' } })).status).toBe(
      201,
    )
    const again = await server.request('POST', '/sessions', { id: 'one', options: { model: 'm' } })
    expect(again.status).toBe(200)
    expect(await again.json()).toMatchObject({ id: 'one' })
    expect(await (await server.request('GET', '/sessions?after=x&limit=7')).json()).toHaveProperty('sessions')
    expect((await server.request('GET', '/sessions/one')).status).toBe(200)
    expect((await server.request('PATCH', '/sessions/one', { title: 't' })).status).toBe(200)
    expect((await server.request('DELETE', '/sessions/one')).status).toBe(204)
    expect(server.asked).toEqual([
      ['create', { id: 'one', options: { model: 'm' } }],
      ['create', { id: 'one', options: { model: 'm' } }],
      ['list', 'x', 7, undefined],
      ['update', 'one', { title: 't' }],
      ['delete', 'one'],
    ])
    expect((await server.request('GET', '/sessions/unknown')).status).toBe(404)
    expect((await server.request('GET', '/sessions/gone')).status).toBe(410)
  })

  test('send, cancel, interrupt and answer', async () => {
    const server = await startSessionServer()
    const answer = async (method: string, path: string, body?: unknown): Promise<[number, unknown]> => {
      const response = await server.request(method, `/sessions/one/${path}`, body)
      return [response.status, await response.json()]
    }
    expect(await answer('POST', 'messages', { data: message })).toEqual([
      202,
      { uuid: 'u', seq: 7, turn: 'own' },
    ])
    expect(await answer('DELETE', 'messages/u')).toEqual([200, { uuid: 'u', outcome: 'cancelled' }])
    expect(await answer('POST', 'interrupt')).toEqual([202, {}])
    expect(await answer('POST', 'asks/q', { result: { behavior: 'allow' } })).toEqual([
      200,
      { ask: 'q', outcome: 'answered', by: 'http', seq: 9 },
    ])
    expect(await answer('POST', 'asks/settled', { error: 'no', by: 'Ann' })).toEqual([
      409,
      { error: 'Ann answered it.', code: 'already_settled' },
    ])
    expect(server.session.calls).toEqual([
      ['send', 'u'],
      ['cancel', 'u'],
      ['interrupt'],
      ['answer', 'q', { result: { behavior: 'allow' } }, 'http'],
      ['answer', 'settled', { error: 'no' }, 'Ann'],
    ])
  })

  test.each([
    ['POST', '', '{nope', 'invalid_json', 'Invalid JSON'],
    ['POST', '', '', 'invalid_json', 'Invalid JSON'],
    ['POST', '', '[]', 'invalid_request', ''],
    ['POST', '', { id: 'a b' }, 'invalid_request', "'id'"],
    ['POST', '', { titel: 'sk-secret' }, 'invalid_request', "'titel': no such field"],
    ['POST', '', { limits: { maxCostUsd: 'sk-secret' } }, 'invalid_request', "'limits.maxCostUsd'"],
    ['POST', '', { options: 'sk-secret' }, 'invalid_request', "'options'"],
    ['POST', '', { metadata: { a: { b: 'sk-secret' } } }, 'invalid_request', "'metadata.a'"],
    ['PATCH', '/one', { kind: 'stdio' }, 'invalid_request', "'kind': no such field"],
    [
      'POST',
      '',
      { kind: 'stdio', transcript: '11111111-2222-4333-8444-555555555555' },
      'invalid_request',
      "'transcript': no `kind`",
    ],
    ['POST', '/one/messages', {}, 'invalid_message', "'data'"],
    [
      'POST',
      '/one/messages',
      { data: { ...message, message: 'sk-secret' } },
      'invalid_message',
      "'data.message'",
    ],
    ['POST', '/one/asks/q', {}, 'invalid_request', 'neither'],
    ['POST', '/one/asks/q', { result: {}, error: 'x' }, 'invalid_request', 'both'],
    ['POST', '/one/asks/q', { result: 'sk-secret' }, 'invalid_request', "'result'"],
    ['GET', '?limit=0', undefined, 'invalid_request', 'limit is "0"'],
    ['GET', '?limit=1001', undefined, 'invalid_request', '1 to 1000'],
    ['GET', '/one/events?limit=x', undefined, 'invalid_request', 'limit'],
    ['GET', '/one/events?after=x', undefined, 'invalid_request', 'after'],
    ['GET', '/one/events?before=x', undefined, 'invalid_request', 'before'],
    ['GET', '/one/events?before=1&after=1', undefined, 'invalid_request', 'before'],
    ['GET', '/one/ws', undefined, 'invalid_request', '/sessions/one/ws speaks WebSocket'],
  ])('%s /sessions%s with %j is refused: %s', async (method, path, body, code, words) => {
    const server = await startSessionServer()
    const response = await server.request(method, `/sessions${path}`, body)
    expect(response.status).toBe(400)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ code, error: expect.stringContaining(words) as string })
    expect(text).not.toContain('sk-secret')
    expect(server.asked).toEqual([])
    expect(server.session.calls).toEqual([])
  })

  test('with too large or too deep a body are refused', async () => {
    const server = await startSessionServer()
    expect((await server.request('POST', '/sessions', { title: 'x'.repeat(200_000) })).status).toBe(413)
    const deep = `{"options":{"a":${'['.repeat(300)}${']'.repeat(300)}}}`
    expect((await server.request('POST', '/sessions', deep)).status).toBe(400)
  })
})

describe('a page of events', () => {
  const read = async (server: SessionServer, query: string): Promise<EventPage> =>
    (await (await server.request('GET', `/sessions/one/events${query}`)).json()) as EventPage
  const seqsOf = ({ events }: EventPage): number[] => events.map(({ seq }) => seq)
  const range = (first: number, last: number): number[] =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i)

  async function startWith(count: number, log = new MemoryLog()): Promise<SessionServer> {
    const server = await startSessionServer({ log })
    for (let i = 1; i <= count; i += 1) server.session.publish(`${i}`)
    await server.session.feed.settled()
    return server
  }

  test('goes on where the last one ended, without loss', async () => {
    const server = await startWith(250)
    const first = await read(server, '')
    const { id: log } = server.session.feed
    expect(first).toMatchObject({ log, firstSeq: 1, lastSeq: 250 })
    expect(first).not.toHaveProperty('gap')
    expect(seqsOf(first)).toEqual(range(1, 100))
    expect(first.events[0]).toMatchObject({ seq: 1, type: 'info', data: '1' })
    expect(seqsOf(await read(server, `?after=${log}:100&limit=1000`))).toEqual(range(101, 250))
    expect(await read(server, '?after=250')).toEqual({ log, firstSeq: 1, lastSeq: 250, events: [] })
  })

  test('goes backwards too, from the latest on', async () => {
    const server = await startWith(25)
    expect(seqsOf(await read(server, '?before=latest&limit=10'))).toEqual(range(16, 25))
    expect(seqsOf(await read(server, '?before=16&limit=10'))).toEqual(range(6, 15))
    const last = await read(server, '?before=6&limit=10')
    expect(seqsOf(last)).toEqual(range(1, 5))
    expect(last).not.toHaveProperty('gap')
    expect((await read(server, '?before=1')).events).toEqual([])
  })

  test('tells of a gap for a cursor of another log or beyond the end, and begins with the first', async () => {
    const server = await startWith(5)
    for (const query of ['?after=another:3', '?after=6', '?before=another:3', '?before=7']) {
      const page = await read(server, query)
      expect(page.gap).toMatchObject({ first: 1 })
      expect(seqsOf(page)).toEqual(range(1, 5))
    }
  })

  test('tells of a gap where history is gone, in both directions', async () => {
    const server = await startSessionServer({ log: new MemoryLog({ maxBytes: 400 }) })
    for (let i = 0; i < 20; i += 1) {
      server.session.publish('x'.repeat(50))
      await server.session.feed.settled()
    }
    const { firstSeq: first, lastSeq: last } = server.session.feed
    expect(first).toBeGreaterThan(3)
    const page = await read(server, '')
    expect(page.gap).toEqual({ after: 0, first })
    expect(seqsOf(page)).toEqual(range(first, last))
    const backwards = await read(server, `?before=${last}&limit=100`)
    expect(backwards.gap).toEqual({ after: 0, first })
    expect(seqsOf(backwards)).toEqual(range(first, last - 1))
    expect(await read(server, '?before=2')).toMatchObject({ gap: { after: 0, first }, events: [] })
  })

  test('ends at about 4 MiB, but has one event at least', async () => {
    const server = await startSessionServer()
    for (let i = 0; i < 5; i += 1) server.session.publish('x'.repeat(1.5 * 1024 * 1024))
    server.session.publish('y'.repeat(5 * 1024 * 1024))
    await server.session.feed.settled()
    expect(seqsOf(await read(server, ''))).toEqual([1, 2])
    expect(seqsOf(await read(server, '?after=4'))).toEqual([5])
    expect(seqsOf(await read(server, '?after=5'))).toEqual([6])
    expect(seqsOf(await read(server, '?before=latest'))).toEqual([6])
    expect(seqsOf(await read(server, '?before=6'))).toEqual([4, 5])
  })
})
