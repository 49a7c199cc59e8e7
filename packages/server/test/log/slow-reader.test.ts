import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { until } from '../support.ts'
import { blockStart, kinds, messageStart, textDelta } from './stream.ts'
import { createFeed, createFilled, info, range, TestSink } from './support.ts'

const LIMIT = 1024 * 1024

test('a slow reader gets the rest from the log once it wakes, and costs no more than the limit and a batch meanwhile', async () => {
  const { feed } = await createFeed()
  const [slow, quick] = [new TestSink(), new TestSink()]
  feed.attach(slow, 0)
  feed.attach(quick, 0)
  slow.stall()
  for (let i = 0; i < 400; i += 1) feed.publish(info('x'.repeat(10_000)))
  await feed.settled()
  expect(quick.seqs).toEqual(range(1, 400))
  expect(slow.mostBuffered).toBeLessThan(1.2 * LIMIT)
  slow.wake()
  await until('the slow reader caught up', () => slow.seqs.length >= 400)
  expect(slow.seqs).toEqual(range(1, 400))
  feed.publish(info('live again'))
  await until('it has what came then', () => slow.seqs.length > 400)
  expect(slow.seqs.at(-1)).toBe(401)
})

test('a slow reader costs no more than the limit and 64 KiB while it catches up', async () => {
  const feed = await createFilled(4000, 1000)
  const sink = new TestSink()
  sink.stall()
  feed.attach(sink, 0)
  for (let i = 0; i < 3; i += 1) {
    await until('it is full', () => sink.buffered > LIMIT)
    await new Promise((go) => setTimeout(go, 10))
    sink.wake()
    sink.stall()
  }
  sink.wake()
  await until('it has all', () => sink.seqs.length >= 4000)
  expect(sink.seqs).toEqual(range(1, 4000))
  expect(sink.mostBuffered).toBeLessThanOrEqual(LIMIT + 64 * 1024)
})

test('a slow reader does not hold up what is published', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  sink.stall()
  for (let i = 0; i < 30; i += 1) {
    feed.publish(info('x'.repeat(1_000_000)))
    await feed.room()
  }
  await feed.settled()
  expect(feed.lastSeq).toBe(30)
})

test('a slow reader that missed partial messages is given the text so far again when it is back', async () => {
  const { feed } = await createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  for (const event of [messageStart('m'), blockStart(0), textDelta('seen ')]) feed.publishEphemeral(event)
  await feed.settled()
  sink.stall()
  sink.buffered = LIMIT + 1
  feed.publishEphemeral(textDelta('missed '))
  await feed.settled()
  sink.wake()
  await new Promise((go) => setTimeout(go, 10))
  feed.publishEphemeral(textDelta('new'))
  await feed.settled()
  expect(kinds(sink.entries)).toEqual([
    'message_start',
    'content_block_start',
    'seen ',
    'message_start*',
    'content_block_start*',
    'seen missed *',
    'new',
  ])
})

test('a reader that waits for its sink is let go at once when it is stopped', async () => {
  const feed = await createFilled(4000, 1000)
  const files = async (): Promise<number> => (await readdir('/proc/self/fd')).length
  await feed.release()
  const before = await files()
  const sinks = range(1, 10).map(() => new TestSink())
  const readers = sinks.map((sink) => {
    sink.stall()
    return feed.attach(sink, 0)
  })
  await until('all wait', () => sinks.every(({ buffered }) => buffered > LIMIT))
  expect(await files()).toBeGreaterThanOrEqual(before + 10)
  for (const reader of readers) reader.stop()
  await until('their files are closed', async () => (await files()) <= before)
})
