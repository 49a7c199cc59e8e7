import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { EphemeralEvent, LoggedEvent, NewEvent, SessionEvent } from '../../src/log/event.ts'
import { isLogged } from '../../src/log/event.ts'
import type { EventLog } from '../../src/log/event-log.ts'
import { Feed } from '../../src/log/feed.ts'
import { JsonlLog } from '../../src/log/jsonl-log.ts'
import type { Sink } from '../../src/log/reader.ts'
import { temporaryFolder, until } from '../support.ts'

const info = (data: string): NewEvent => ({ type: 'info', data })
const partial = (text: string): EphemeralEvent => ({
  type: 'sdk_message',
  data: { type: 'stream_event', text } as never,
})

/** A sink that takes everything, or holds it back like a socket whose reader sleeps. */
class TestSink implements Sink {
  readonly events: SessionEvent[] = []
  isStalled = false
  buffered = 0
  #wake: (() => void)[] = []

  write(event: SessionEvent): void {
    this.events.push(event)
    if (this.isStalled) this.buffered += JSON.stringify(event).length
  }

  async drained(): Promise<void> {
    while (this.isStalled) await new Promise<void>((go) => this.#wake.push(go))
  }

  stall(): void {
    this.isStalled = true
  }

  wake(): void {
    this.isStalled = false
    this.buffered = 0
    for (const go of this.#wake.splice(0)) go()
  }

  get seqs(): number[] {
    return this.events.filter(isLogged).map(({ seq }) => seq)
  }

  get texts(): string[] {
    return this.events.map((event) =>
      isLogged(event) ? String(event.seq) : (event.data as unknown as { text: string }).text,
    )
  }
}

async function createFeed(
  wrap: (log: EventLog) => EventLog = (log) => log,
): Promise<{ feed: Feed; log: EventLog }> {
  const log = wrap(await JsonlLog.create(join(await temporaryFolder(), 'events.jsonl')))
  const feed = new Feed(log)
  onTestFinished(() => feed.close().catch(() => {}))
  return { feed, log }
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

test('nothing with a seq reaches a reader before it is written to the log', async () => {
  let written = 0
  const { feed } = await createFeed((log) => ({
    get lastSeq() {
      return log.lastSeq
    },
    append: async (events) => {
      const logged = await log.append(events)
      written = log.lastSeq
      return logged
    },
    read: (after) => log.read(after),
    close: () => log.close(),
  }))
  const early: number[] = []
  const sink = new TestSink()
  const write = sink.write.bind(sink)
  sink.write = (event) => {
    if (isLogged(event) && event.seq > written) early.push(event.seq)
    write(event)
  }
  feed.attach(sink, 0)
  for (let i = 0; i < 200; i += 1) feed.publish(info(`${i}`))
  await feed.settled()
  expect(early).toEqual([])
  expect(sink.seqs).toEqual(range(1, 200))
})

test('events that arrive while a write is under way go into the next write together', async () => {
  const batches: number[] = []
  const { feed } = await createFeed((log) => ({
    get lastSeq() {
      return log.lastSeq
    },
    append: (events) => {
      batches.push(events.length)
      return log.append(events)
    },
    read: (after) => log.read(after),
    close: () => log.close(),
  }))
  for (let i = 0; i < 100; i += 1) feed.publish(info(`${i}`))
  await feed.settled()
  expect(batches.length).toBeLessThan(5)
  expect(batches.reduce((sum, length) => sum + length, 0)).toBe(100)
})

test('a live-only event keeps its place between logged ones', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  feed.publishEphemeral(partial('a'))
  feed.publish(info('1'))
  feed.publishEphemeral(partial('b'))
  feed.publish(info('2'))
  feed.publishEphemeral(partial('c'))
  await feed.settled()
  expect(sink.texts).toEqual(['a', '1', 'b', '2', 'c'])
})

describe('replay joined to live without a seam', () => {
  test('a reader from the start gets what was written, then what comes, each once and in order', async () => {
    const { feed } = await createFeed()
    for (let i = 0; i < 500; i += 1) feed.publish(info(`${i}`))
    await feed.settled()
    const sink = new TestSink()
    feed.attach(sink, 0)
    for (let i = 0; i < 500; i += 1) {
      feed.publish(info(`live ${i}`))
      if (i % 50 === 0) await new Promise((go) => setTimeout(go, 1))
    }
    await until('all 1,000 events', () => sink.seqs.length >= 1000)
    expect(sink.seqs).toEqual(range(1, 1000))
  })

  test('a reader that attaches at any moment of a stream misses nothing and gets nothing twice', async () => {
    const { feed } = await createFeed()
    const sinks: [after: number, sink: TestSink][] = []
    for (let i = 0; i < 300; i += 1) {
      feed.publish(info(`${i}`))
      if (i % 7 === 0) {
        const sink = new TestSink()
        const after = Math.floor(feed.lastSeq / 2)
        sinks.push([after, sink])
        feed.attach(sink, after)
      }
      if (i % 20 === 0) await new Promise((go) => setTimeout(go, 1))
    }
    await feed.settled()
    for (const [after, sink] of sinks) {
      await until(`the tail after ${after}`, () => sink.seqs.at(-1) === 300)
      expect(sink.seqs).toEqual(range(after + 1, 300))
    }
  })

  test('a reader that stalls gets the rest from the log once it wakes, and memory stays bounded meanwhile', async () => {
    const { feed } = await createFeed()
    const slow = new TestSink()
    const quick = new TestSink()
    feed.attach(slow, 0)
    feed.attach(quick, 0)
    slow.stall()
    for (let i = 0; i < 400; i += 1) feed.publish(info('x'.repeat(10_000)))
    await feed.settled()
    expect(quick.seqs).toEqual(range(1, 400))
    expect(slow.buffered).toBeLessThan(1.2 * 1024 * 1024)
    slow.wake()
    await until('the slow reader caught up', () => slow.seqs.length >= 400)
    expect(slow.seqs).toEqual(range(1, 400))
    feed.publish(info('live again'))
    await feed.settled()
    expect(slow.seqs.at(-1)).toBe(401)
  })

  test('partial messages that a slow reader missed stay away up to the next whole one', async () => {
    const { feed } = await createFeed()
    const sink = new TestSink()
    feed.attach(sink, 0)
    sink.stall()
    sink.buffered = 2 * 1024 * 1024
    feed.publishEphemeral(partial('missed'))
    sink.wake()
    feed.publishEphemeral(partial('half of it'))
    expect(sink.events).toEqual([])
    feed.publish(info('whole'))
    await feed.settled()
    feed.publishEphemeral(partial('next'))
    expect(sink.texts).toEqual(['1', 'next'])
  })
})

test('an event that comes at any moment around the end of a write is written and handed out', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  for (let moments = 0; moments < 40; moments += 1) {
    feed.publish(info('one'))
    for (let i = 0; i < moments; i += 1) await Promise.resolve()
    feed.publish(info('two'))
    await until(`both of round ${moments}`, () => sink.seqs.length === (moments + 1) * 2, 2000)
  }
})

test('a reader whose sink fails is let go, and the others miss nothing', async () => {
  const { feed } = await createFeed()
  const broken = new TestSink()
  broken.write = () => {
    throw new TypeError('broken')
  }
  const sink = new TestSink()
  feed.attach(broken, 0)
  feed.attach(sink, 0)
  for (const text of ['1', '2', '3']) feed.publish(info(text))
  await feed.settled()
  expect(sink.seqs).toEqual([1, 2, 3])
})

test('a reader that stopped hears nothing more', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  const reader = feed.attach(sink, 0)
  feed.publish(info('1'))
  await feed.settled()
  reader.stop()
  feed.publish(info('2'))
  await feed.settled()
  expect(sink.seqs).toEqual([1])
})

test('while the disk is full events wait, in order, and go on when there is room again', async () => {
  let isFull = true
  const { feed } = await createFeed((log) => ({
    get lastSeq() {
      return log.lastSeq
    },
    append: async (events): Promise<LoggedEvent[]> => {
      if (isFull) throw new Error('no room')
      return await log.append(events)
    },
    read: (after) => log.read(after),
    close: () => log.close(),
  }))
  const sink = new TestSink()
  feed.attach(sink, 0)
  feed.publish(info('1'))
  feed.publishEphemeral(partial('between'))
  await until('the fault shows', () => feed.fault !== undefined)
  feed.publish(info('2'))
  expect(sink.events).toEqual([])
  isFull = false
  await until('both are out', () => sink.events.length === 3)
  expect(sink.texts).toEqual(['1', 'between', '2'])
  expect(feed.fault).toBeUndefined()
})

test('an event that cannot be written is refused, and those around it are written', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  feed.publish(info('1'))
  const deep = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as unknown
  expect(() => feed.publish({ type: 'sdk_message', data: deep as never })).toThrow(
    expect.objectContaining({ code: 'invalid_message' }) as Error,
  )
  feed.publish(info('2'))
  await feed.settled()
  expect(sink.texts).toEqual(['1', '2'])
})

test('who produces more than can be written waits for room', async () => {
  const { feed } = await createFeed()
  const message = {
    type: 'assistant',
    message: { content: [{ type: 'text', text: 'x'.repeat(1024 * 1024) }] },
  }
  for (let i = 0; i < 12; i += 1) feed.publish({ type: 'sdk_message', data: message as never })
  let isFree = false
  const waiting = feed.room().then(() => (isFree = true))
  await Promise.resolve()
  expect(isFree).toBe(false)
  await waiting
  await feed.settled()
  await feed.room()
})
