import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Feed } from '../../src/log/feed.ts'
import { JsonlLog, type JsonlLogOptions } from '../../src/log/jsonl-log.ts'
import { temporaryFolder, until } from '../support.ts'
import { collect, drafts, info, range, readFiles, seqsOf, TestSink } from './support.ts'

const MEGABYTE = 1024 * 1024
const DAY_MS = 24 * 60 * 60 * 1000

async function createLog(options: JsonlLogOptions): Promise<{ log: JsonlLog; directory: string }> {
  const directory = join(await temporaryFolder(), 'log')
  const log = await JsonlLog.open(directory, options)
  onTestFinished(() => log.close())
  return { log, directory }
}

test('the oldest files go when there is too much, and the log never holds more than its bound', async () => {
  const { log, directory } = await createLog({ maxBytes: 4 * MEGABYTE })
  for (let i = 0; i < 100; i += 1) {
    await log.append(drafts(100, 1000))
    const events = await readFiles(directory)
    expect(JSON.stringify(events).length).toBeLessThan(4.1 * MEGABYTE)
    expect(events.map(({ seq }) => seq)).toEqual(range(log.firstSeq, log.lastSeq))
    if (i === 70) i += 20
  }
  expect(log.lastSeq - log.firstSeq).toBeGreaterThan(3000)
})

test('files whose newest event is too old go when a new file begins, and when the log is opened', async () => {
  let now = 1000 * DAY_MS
  const options = { maxBytes: 2 * MEGABYTE, maxAgeMs: 30 * DAY_MS, clock: () => now }
  const { log, directory } = await createLog(options)
  for (let i = 0; i < 9; i += 1) await log.append(drafts(100, 1000))
  const young = log.lastSeq + 1
  now += 20 * DAY_MS
  for (let i = 0; i < 6; i += 1) await log.append(drafts(100, 1000))
  expect(log.firstSeq).toBe(1)
  now += 11 * DAY_MS
  await log.close()
  const again = await JsonlLog.open(directory, options)
  onTestFinished(() => again.close())
  expect(again.firstSeq).toBeGreaterThan(300)
  expect(again.firstSeq).toBeLessThanOrEqual(young)
  expect(seqsOf(await collect(again.read(0)))).toEqual(range(again.firstSeq, 1500))
  now += 20 * DAY_MS
  for (let i = 0; i < 3; i += 1) await again.append(drafts(100, 1000))
  expect(again.firstSeq).toBeGreaterThan(young)
})

test('the last file stays, however old', async () => {
  let now = 1000
  const options = { maxAgeMs: DAY_MS, clock: () => now }
  const { log, directory } = await createLog(options)
  await log.append(drafts(5))
  await log.close()
  now += 365 * DAY_MS
  const again = await JsonlLog.open(directory, options)
  expect([again.firstSeq, again.lastSeq]).toEqual([1, 5])
  await again.close()
})

test('a long last event of a file tells its age too', async () => {
  let now = 1000 * DAY_MS
  const options = { maxBytes: 2 * MEGABYTE, maxAgeMs: DAY_MS, clock: () => now }
  const { log, directory } = await createLog(options)
  await log.append(drafts(3, 100_000))
  await log.append(drafts(1))
  now += 2 * DAY_MS
  await log.close()
  const again = await JsonlLog.open(directory, options)
  expect(again.firstSeq).toBe(4)
  await again.close()
})

test('a reader far behind is told of the hole once, then gets what is there, then what comes', async () => {
  const { log } = await createLog({ maxBytes: MEGABYTE })
  const feed = new Feed(log)
  onTestFinished(() => feed.close())
  for (let i = 0; i < 50; i += 1) {
    for (let j = 0; j < 100; j += 1) feed.publish(info('x'.repeat(1000)))
    await feed.settled()
  }
  const sink = new TestSink()
  const first = feed.firstSeq
  feed.attach(sink, 7)
  await until('it caught up', () => sink.caughtUpAt.length === 1)
  feed.publish(info('new'))
  await feed.settled()
  expect(sink.gaps).toEqual([[7, first]])
  expect(sink.seqs).toEqual(range(first, 5001))
})

test('a stalled reader whose events are dropped on the way is told of each hole, and gets the rest in order', async () => {
  const { log } = await createLog({ maxBytes: 2 * MEGABYTE })
  const feed = new Feed(log)
  onTestFinished(() => feed.close())
  const sink = new TestSink()
  feed.attach(sink, 0)
  sink.stall()
  for (let round = 1; round <= 4; round += 1) {
    for (let i = 0; i < 60; i += 1) {
      for (let j = 0; j < 100; j += 1) feed.publish(info('x'.repeat(1000)))
      await feed.settled()
    }
    sink.wake()
    await until('it caught up', () => sink.seqs.at(-1) === round * 6000)
    sink.stall()
  }
  expect(sink.gaps.length).toBeGreaterThanOrEqual(4)
  const missing = new Set(sink.gaps.flatMap(([after, first]) => range(after + 1, first - 1)))
  expect(sink.seqs).toEqual(range(1, 24_000).filter((seq) => !missing.has(seq)))
})

test('a file that somebody took away is a hole for readers, not an end of the log', async () => {
  const { log, directory } = await createLog({ maxBytes: 4 * MEGABYTE })
  const feed = new Feed(log)
  onTestFinished(() => feed.close())
  for (let i = 0; i < 20; i += 1) {
    for (let j = 0; j < 100; j += 1) feed.publish(info('x'.repeat(1000)))
    await feed.settled()
  }
  const names = (await readdir(directory)).filter((name) => name.startsWith('events-')).sort()
  await rm(join(directory, names[1]!))
  const [from, to] = [names[1]!, names[2]!].map((name) => Number(/\d+/.exec(name)![0])) as [number, number]
  const sink = new TestSink()
  feed.attach(sink, 0)
  await until('it caught up', () => sink.caughtUpAt.length === 1)
  expect(sink.gaps).toEqual([[from - 1, to]])
  expect(sink.seqs).toEqual([...range(1, from - 1), ...range(to, 2000)])
})
