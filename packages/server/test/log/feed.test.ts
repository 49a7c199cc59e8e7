import { expect, onTestFinished, test } from 'vitest'
import { Feed } from '../../src/log/feed.ts'
import { JsonlLog } from '../../src/log/jsonl-log.ts'
import { temporaryFolder, until } from '../support.ts'
import { collect, createFeed, info, partial, range, seqsOf, TestSink, turn } from './support.ts'

test('nothing with a seq reaches a reader before it is written to the log', async () => {
  let written = 0
  const { feed } = await createFeed((log) => ({
    append: async (events) => {
      const logged = await log.append(events)
      written = log.lastSeq
      return logged
    },
  }))
  const early: number[] = []
  const sink = new TestSink()
  const write = sink.write.bind(sink)
  sink.write = (entries) => {
    early.push(...entries.flatMap(({ seq = 0 }) => (seq > written ? seq : [])))
    write(entries)
  }
  feed.attach(sink, 0)
  for (let i = 0; i < 200; i += 1) feed.publish(info(`${i}`))
  await feed.settled()
  expect(early).toEqual([])
  expect(sink.seqs).toEqual(range(1, 200))
})

test('an event that comes alone is written at once; those of a burst together, and each reader gets them together', async () => {
  const batches: number[] = []
  const { feed } = await createFeed((log) => ({
    append: (events) => {
      batches.push(events.length)
      return log.append(events)
    },
  }))
  const sinks = [new TestSink(), new TestSink()]
  for (const sink of sinks) feed.attach(sink, 0)
  for (let i = 0; i < 50; i += 1) {
    feed.publish(info(`${i}`))
    feed.publishEphemeral(partial(`after ${i}`))
    await Promise.resolve()
  }
  await feed.settled()
  expect(batches).toEqual([1, 49])
  for (const sink of sinks) {
    expect(sink.writes.map((entries) => entries.length)).toEqual([2, 98])
    expect(sink.seqs).toEqual(range(1, 50))
  }
})

test('parts that come in a burst are gathered over turns of the event loop, and keep their place before what is logged', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  for (let i = 0; i < 500; i += 1) {
    feed.publishEphemeral(partial(`${i}`))
    await turn()
  }
  expect(sink.entries.length).toBeLessThan(500)
  feed.publish(info('whole'))
  await feed.settled()
  expect(sink.entries.length).toBe(501)
  expect(sink.entries.at(-1)!.seq).toBe(1)
  expect(sink.writes.length).toBeLessThan(60)
})

test('parts that come two by two, as at the pace of a model, wait for nothing', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  for (let i = 0; i < 5; i += 1) {
    feed.publishEphemeral(partial(`${i}`))
    await turn()
    await turn()
    expect(sink.entries.length).toBe(i + 1)
  }
})

test('an entry reaches all readers as the same bytes, which are a line of the log', async () => {
  const { feed } = await createFeed()
  const sinks = [new TestSink(), new TestSink()]
  for (const sink of sinks) feed.attach(sink, 0)
  feed.publish(info('☃'))
  await feed.settled()
  const [one, other] = sinks.map((sink) => sink.entries[0]!)
  expect(one!.json).toBe(other!.json)
  const [read] = await collect(feed.read(0))
  expect(read!.json.equals(one!.json)).toBe(true)
})

test('events that arrive while a write is under way go into the next write together', async () => {
  const batches: number[] = []
  let go = (): void => {}
  const { feed } = await createFeed((log) => ({
    append: async (events) => {
      batches.push(events.length)
      await new Promise<void>((resolve) => (go = resolve))
      return log.append(events)
    },
  }))
  feed.publish(info('first'))
  await turn()
  for (let i = 0; i < 30; i += 1) {
    feed.publish(info(`${i}`))
    await turn()
  }
  go()
  await until('the next write', () => batches.length === 2)
  go()
  await feed.settled()
  expect(batches).toEqual([1, 30])
})

test('a great many events of one turn reach readers in pieces of bounded size', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  for (let i = 0; i < 1000; i += 1) feed.publish(info('x'.repeat(1000)))
  await feed.settled()
  expect(sink.seqs).toEqual(range(1, 1000))
  const sizes = sink.writes.map((entries) => entries.reduce((sum, { json }) => sum + json.length, 0))
  expect(Math.max(...sizes)).toBeLessThan(160 * 1024)
})

test('a live-only event keeps its place between logged ones', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  feed.publishEphemeral(partial('a'))
  feed.publish(info('1'))
  feed.publishEphemeral(partial('b'))
  await turn()
  feed.publish(info('2'))
  feed.publishEphemeral(partial('c'))
  await feed.settled()
  expect(sink.texts).toEqual(['a', '1', 'b', '2', 'c'])
  expect(seqsOf(await collect(feed.read(0)))).toEqual([1, 2])
})

test('an event that comes at any moment around the end of a write is written and handed out', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  for (let i = 1; i <= 300; i += 1) {
    feed.publish(info(`${i}`))
    for (let wait = 0; wait < i % 12; wait += 1) await Promise.resolve()
    if (i % 3 === 0) await turn()
    if (i % 17 === 0) await feed.settled()
  }
  await feed.settled()
  expect(sink.seqs).toEqual(range(1, 300))
})

test('an event that cannot be written is refused, and those around it are written', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  feed.publish(info('1'))
  const deep = { type: 'sdk_message', data: JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) } as never
  expect(() => feed.publish(deep)).toThrow(expect.objectContaining({ code: 'invalid_message' }) as Error)
  await expect(feed.offer(deep)).rejects.toMatchObject({ code: 'invalid_message' })
  feed.publishEphemeral(deep)
  feed.publish(info('2'))
  await feed.settled()
  expect(sink.texts).toEqual(['1', '2'])
})

test('a publish tells how much the event is', async () => {
  const { feed } = await createFeed()
  expect(feed.publish(info('abc'))).toBe('{"type":"info","data":"abc"}'.length)
})

test('who produces more than can be written waits for room', async () => {
  const { feed } = await createFeed()
  for (let i = 0; i < 12; i += 1) feed.publish(info('x'.repeat(1024 * 1024)))
  let isFree = false
  const waiting = feed.room().then(() => (isFree = true))
  await Promise.resolve()
  expect(isFree).toBe(false)
  await waiting
  expect(isFree).toBe(true)
  await feed.settled()
  await feed.room()
})

test('a feed over a log that was there before goes on with its numbers', async () => {
  const directory = await temporaryFolder()
  const log = await JsonlLog.open(directory)
  const before = new Feed(log)
  before.publish(info('1'))
  await before.close()
  const feed = new Feed(await JsonlLog.open(directory))
  onTestFinished(() => feed.close())
  expect([feed.id, feed.firstSeq, feed.lastSeq]).toEqual([log.id, 1, 1])
  feed.publish(info('2'))
  await feed.release()
  expect(feed.lastSeq).toBe(2)
  feed.publish(info('3'))
  await feed.settled()
  expect(seqsOf(await collect(feed.read(0)))).toEqual([1, 2, 3])
})

test('what was published before the close is written, and nothing after it', async () => {
  const { feed, log } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  feed.publish(info('1'))
  const closing = feed.close()
  feed.publish(info('2'))
  feed.publishEphemeral(partial('late'))
  await expect(feed.offer(info('3'))).rejects.toMatchObject({ code: 'server_stopping' })
  await closing
  expect(feed.publish(info('4'))).toBe(0)
  await turn()
  expect(sink.texts).toEqual(['1'])
  expect([log.lastSeq, feed.lastSeq]).toEqual([1, 1])
})
