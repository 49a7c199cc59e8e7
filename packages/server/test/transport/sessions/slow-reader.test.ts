import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { JsonlLog } from '../../../src/log/jsonl-log.ts'
import { temporaryFolder, until } from '../../support.ts'
import { heldBytes, startSessionServer, type SessionServer, type Client } from './session-server.ts'

const MIB = 1024 * 1024
const TEXT = 'x'.repeat(64 * 1024)

/** Publishes 64 KiB events, as fast as they can be written. */
async function publish(server: SessionServer, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    server.session.publish(TEXT)
    if (i % 16 === 15) await server.session.feed.settled()
    if (i % 16 === 15) await delay(1)
  }
  await server.session.feed.settled()
}

/** A client whose socket takes nothing any more, from after event 1 on. */
async function connectStalled(server: SessionServer): Promise<Client> {
  const client = await server.connect()
  server.session.publish('first')
  await client.take('info')
  client.socket.pause()
  return client
}

/** Every number after `first`, once and in order. */
const following = (first: number, last: number): number[] =>
  Array.from({ length: last - first }, (_, i) => first + i + 1)

const createLog = async (): Promise<JsonlLog> => JsonlLog.open(await temporaryFolder())

describe('a reader whose socket takes nothing', () => {
  test('costs little memory and holds nobody up; when it reads again it gets all of it', async () => {
    const server = await startSessionServer({ log: await createLog() })
    const stalled = await connectStalled(server)
    const reader = await server.connect('?after=latest')
    let received = 0
    reader.socket.on('message', () => (received += 1))
    reader.frames.push = () => 0
    const before = heldBytes()
    await publish(server, 3000)
    await until('the other has all', () => received >= 3000)
    // 3000 events are 188 MiB.
    await until('no more than 8 of them are held', () => heldBytes() - before < 8 * MIB)
    expect(stalled.closed).toBeUndefined()
    stalled.socket.resume()
    await until('it has caught up', () => stalled.seqs.at(-1) === 3001)
    expect(stalled.seqs).toEqual(following(0, 3001))
  })

  test('A reader that takes nothing for 30 s is closed with 4499, or cut off where it does not take even that: then it resumes where it was', async () => {
    const server = await startSessionServer({
      log: await createLog(),
      timing: { lookMs: 10, stallMs: 300, closeMs: 10_000 },
    })
    const stalled = await connectStalled(server)
    const other = await server.connect('?after=latest')
    await publish(server, 400)
    await until('it is told to go', () => server.session.closed.size === 1)
    stalled.socket.resume()
    expect(await stalled.gone()).toEqual({ code: 4499, reason: 'lagged' })
    const last = stalled.seqs.at(-1)!
    expect(last).toBeLessThan(401)
    expect(stalled.seqs).toEqual(following(0, last))
    const again = await server.connect(`?after=${server.session.feed.id}:${last}`)
    await again.take('caught_up')
    expect(again.seqs).toEqual(following(last, 401))
    expect(other.closed).toBeUndefined()
  })

  test('is ended by force when it does not even take the close', async () => {
    const server = await startSessionServer({
      log: await createLog(),
      timing: { lookMs: 10, stallMs: 100, closeMs: 50 },
    })
    await connectStalled(server)
    await publish(server, 400)
    await until('nobody reads any more', () => server.session.closed.size === 0)
  })

  test('is not lagged while it takes some of one big event, however slowly', async () => {
    const server = await startSessionServer({ timing: { lookMs: 10, stallMs: 1500, silenceMs: 1500 } })
    const client = await connectStalled(server)
    let received = 0
    client.raw.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received < MIB) return
      received = 0
      client.socket.pause()
      setTimeout(() => client.socket.resume(), 100)
    })
    server.session.publish('y'.repeat(24 * MIB))
    client.socket.resume()
    await client.take('info', 2)
    expect(client.closed).toBeUndefined()
  })

  test('cannot fill the memory with the answers that it asks for', async () => {
    const server = await startSessionServer({ timing: { pingMs: 60_000 } })
    const client = await server.connect()
    const frame = JSON.stringify({ type: 'cancel', id: 'x'.repeat(200), uuid: 'unknown' })
    client.socket.pause()
    for (let i = 0; i < 300; i += 1) {
      for (let j = 0; j < 200; j += 1) client.send(frame)
      await delay(1)
    }
    const { length } = server.session.calls
    await delay(100)
    // It stopped listening: what was asked waits with the client.
    expect(server.session.calls.length).toBe(length)
    expect(length).toBeLessThan(60_000)
    client.socket.resume()
    await until(
      'all is answered',
      () => client.frames.filter(({ type }) => type === 'error').length === 60_000,
    )
  })
})

describe('readers that keep up', () => {
  test('are written the very same bytes', async () => {
    const written: unknown[] = []
    const server = await startSessionServer({
      onRaw: (raw) => {
        const write = raw.write.bind(raw) as (...given: unknown[]) => boolean
        raw.write = ((...given: unknown[]) => {
          if (given[0] instanceof Buffer && given[0].includes('shared text')) written.push(given[0])
          return write(...given)
        }) as typeof raw.write
      },
    })
    const clients = await Promise.all([server.connect(), server.connect()])
    for (const client of clients) await client.take('caught_up')
    server.session.publish('shared text', 'and shared text again')
    for (const client of clients) await client.take('info', 2)
    expect(new Set(written).size).toBe(written.length / 2)
  })
})
