import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { JsonlLog } from '../../../src/log/jsonl-log.ts'
import { temporaryFolder, until } from '../../support.ts'
import { heldBytes, startSessionServer, type SessionServer } from './session-server.ts'

interface Message {
  id?: string
  data: { type: string; seq?: number; data?: string; after?: number; first?: number }
}

/** What an EventSource would hear, its comments too. */
class Listening {
  readonly response: IncomingMessage
  readonly messages: Message[] = []
  readonly comments: string[] = []
  retry: string | undefined
  ended = false
  #text = ''

  private constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8')
    response.on('data', (text: string) => this.#hear(text))
    response.on('error', () => {})
    response.on('close', () => (this.ended = true))
  }

  static async open(
    server: SessionServer,
    query = '',
    headers: Record<string, string> = {},
  ): Promise<Listening> {
    const request = get(`${server.url}/sessions/one/events${query}`, {
      headers: { accept: 'text/event-stream', ...headers },
    })
    onTestFinished(() => void request.destroy())
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return new Listening(response)
  }

  async take(count: number): Promise<Message[]> {
    await until(`${count} messages`, () => this.messages.length >= count)
    return this.messages
  }

  #hear(text: string): void {
    const blocks = (this.#text + text).split('\n\n')
    this.#text = blocks.pop()!
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2) as [string, string]),
      )
      expect([...fields.keys()].every((name) => ['id', 'data', 'retry', ''].includes(name))).toBe(true)
      if (fields.has('')) this.comments.push(fields.get('')!)
      this.retry ??= fields.get('retry')
      const [id, data] = [fields.get('id'), fields.get('data')]
      if (data === undefined) continue
      this.messages.push({ ...(id === undefined ? {} : { id }), data: JSON.parse(data) as Message['data'] })
    }
  }
}

describe('a stream of events', () => {
  test('gives what was, that this is all, and what happens; what has a number has an id', async () => {
    const server = await startSessionServer()
    server.session.publish('a')
    await server.session.feed.settled()
    const stream = await Listening.open(server)
    await stream.take(2)
    server.session.publishPartial('hel')
    server.session.publish('b\nc\r\u2028')
    const { id: log } = server.session.feed
    expect(await stream.take(4)).toEqual([
      { id: `${log}:1`, data: expect.objectContaining({ seq: 1, data: 'a' }) },
      { id: `${log}:1`, data: { type: 'caught_up', seq: 1 } },
      { data: { type: 'sdk_message', data: { type: 'stream_event', text: 'hel' } } },
      { id: `${log}:2`, data: expect.objectContaining({ seq: 2, data: 'b\nc\r\u2028' }) },
    ])
    expect(stream.retry).toBe('1000')
    expect(stream.response.headers).toMatchObject({
      'content-type': expect.stringContaining('text/event-stream') as string,
      'cache-control': 'no-store',
    })
  })

  test('resumes behind Last-Event-ID, which counts for more than after', async () => {
    const server = await startSessionServer()
    server.session.publish('a', 'b', 'c')
    await server.session.feed.settled()
    const { id: log } = server.session.feed
    const stream = await Listening.open(server, '?after=0', { 'last-event-id': `${log}:2` })
    expect((await stream.take(2)).map(({ data }) => data.seq)).toEqual([3, 3])
  })

  test('tells of a gap when the cursor is of another log', async () => {
    const server = await startSessionServer()
    server.session.publish('a')
    await server.session.feed.settled()
    const stream = await Listening.open(server, '', { 'last-event-id': 'another:5' })
    expect((await stream.take(3)).map(({ data }) => data)).toMatchObject([
      { type: 'gap', after: 5, first: 1 },
      { seq: 1 },
      { type: 'caught_up' },
    ])
  })

  test('is kept open by comments', async () => {
    const server = await startSessionServer({ timing: { lookMs: 5, heartbeatMs: 20 } })
    const stream = await Listening.open(server)
    await until('comments', () => stream.comments.length >= 5)
    expect(stream.messages.map(({ data }) => data.type)).toEqual(['caught_up'])
  })

  test('ends with the session, after what was said, and keeps no server from stopping', async () => {
    const server = await startSessionServer()
    const stream = await Listening.open(server)
    await stream.take(1)
    const stopped = server.stop()
    server.session.publish('last')
    await server.session.feed.settled()
    server.session.end('stopping')
    await until('the end', () => stream.ended)
    expect(stream.messages.at(-1)?.data.data).toBe('last')
    expect(stream.comments.at(-1)).toBe('stopping')
    await stopped
    expect(server.session.closed.size).toBe(0)
  })

  test('is forgotten when its client goes', async () => {
    const server = await startSessionServer()
    const stream = await Listening.open(server)
    await stream.take(1)
    expect(server.session.closed.size).toBe(1)
    stream.response.destroy()
    await until('nobody reads', () => server.session.closed.size === 0)
  })

  test('of a reader that takes nothing costs little memory, and ends; it resumes without loss', async () => {
    const server = await startSessionServer({
      log: await JsonlLog.open(await temporaryFolder()),
      timing: { lookMs: 10, stallMs: 500 },
    })
    const stream = await Listening.open(server)
    await stream.take(1)
    stream.response.pause()
    const before = heldBytes()
    for (let i = 0; i < 1000; i += 1) {
      server.session.publish('x'.repeat(64 * 1024))
      if (i % 16 === 15) await server.session.feed.settled()
    }
    await server.session.feed.settled()
    await until('it was ended', () => server.session.closed.size === 0)
    await until('the rest is on the disk only', () => heldBytes() - before < 8 * 1024 * 1024)
    stream.response.resume()
    await until('the end', () => stream.ended)
    const last = stream.messages.at(-1)!
    const again = await Listening.open(server, '', { 'last-event-id': last.id! })
    const rest = await again.take(1000 - last.data.seq! + 1)
    const seqs = [...stream.messages.slice(1), ...rest.slice(0, -1)].map(({ data }) => data.seq)
    expect(seqs).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1))
  })

  test('is refused beyond the limit of streams, until another one ends', async () => {
    const server = await startSessionServer({ maxStreams: 2 })
    const [first] = await Promise.all([Listening.open(server), Listening.open(server)])
    const refused = await Listening.open(server)
    expect([refused.response.statusCode, refused.response.headers['retry-after']]).toEqual([429, '5'])
    first.response.destroy()
    await until('a place', async () => (await Listening.open(server)).response.statusCode === 200)
  })

  test('is refused where there is nothing to stream, or its place cannot be read', async () => {
    const server = await startSessionServer()
    const accept = { accept: 'text/event-stream' }
    const statusOf = async (path: string, headers = {}): Promise<number> =>
      (await server.request('GET', path, undefined, { ...accept, ...headers })).status
    expect(await statusOf('/sessions/gone/events')).toBe(410)
    expect(await statusOf('/sessions/unknown/events')).toBe(404)
    expect(await statusOf('/sessions/one/events?after=nope')).toBe(400)
    expect(await statusOf('/sessions/one/events', { 'last-event-id': 'nope' })).toBe(400)
    expect(await statusOf('/sessions/one/events?limit=5')).toBe(400)
    expect(server.session.closed.size).toBe(0)
  })

  test('is not begun by HEAD', async () => {
    const server = await startSessionServer()
    const response = await server.request('HEAD', '/sessions/one/events', undefined, {
      accept: 'text/event-stream',
    })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(server.session.closed.size).toBe(0)
  })
})
