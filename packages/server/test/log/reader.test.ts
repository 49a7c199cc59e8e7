import { describe, expect, onTestFinished, test } from 'vitest'
import { Feed } from '../../src/log/feed.ts'
import { MemoryLog } from '../../src/log/memory-log.ts'
import { until } from '../support.ts'
import { createFeed, createFilled, info, range, TestSink, wrap } from './support.ts'

const LIMIT = 1024 * 1024

describe('replay joined to live without a seam', () => {
  test('a reader from the start gets what was written, then what comes, each once and in order', async () => {
    const feed = await createFilled(500)
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

  test('a reader at the tail is live at once', async () => {
    const feed = await createFilled(3)
    const sink = new TestSink()
    feed.attach(sink, 3)
    expect(sink.caughtUpAt).toEqual([3])
    feed.publish(info('4'))
    await feed.settled()
    expect(sink.seqs).toEqual([4])
  })

  test('a reader hears once that it has caught up, after everything that was there', async () => {
    const feed = await createFilled(2000, 500)
    const sink = new TestSink()
    sink.caughtUp = (seq) => {
      expect(sink.seqs.at(-1)).toBe(seq)
      sink.caughtUpAt.push(seq)
    }
    feed.attach(sink, 0)
    feed.publish(info('meanwhile'))
    await until('it caught up', () => sink.caughtUpAt.length > 0)
    sink.stall()
    sink.buffered = LIMIT + 1
    feed.publish(info('lag'))
    await feed.settled()
    sink.wake()
    await until('it is back', () => sink.seqs.at(-1) === 2002)
    expect(sink.caughtUpAt).toHaveLength(1)
    expect(sink.caughtUpAt[0]).toBeGreaterThanOrEqual(2000)
    expect(sink.gaps).toEqual([])
  })

  test('a cursor beyond the end is of another list: the reader is told, and gets all that is there', async () => {
    const feed = await createFilled(3)
    const sink = new TestSink()
    feed.attach(sink, 99)
    feed.publish(info('4'))
    await until('it has all', () => sink.seqs.length === 4)
    expect(sink.gaps).toEqual([[99, 1]])
    expect(sink.seqs).toEqual([1, 2, 3, 4])
  })
})

describe('readers side by side', () => {
  test('a reader that throws is let go and told why, and the others miss nothing', async () => {
    const feed = await createFilled(3)
    const [bad, worse, good] = [new TestSink(), new TestSink(), new TestSink()]
    const fail = (): void => {
      throw new Error('the sink is broken')
    }
    Object.assign(bad, { write: fail })
    Object.assign(worse, { write: fail, failed: fail })
    for (const sink of [bad, worse]) feed.attach(sink, 0)
    for (const sink of [bad, worse, good]) feed.attach(sink, 3)
    feed.publish(info('4'))
    await feed.settled()
    feed.publish(info('5'))
    await feed.settled()
    await until('both were told', () => bad.failures.length === 2)
    expect(bad.failures).toEqual([new Error('the sink is broken'), new Error('the sink is broken')])
    expect(good.seqs).toEqual([4, 5])
  })

  test('a reader of a long log lets the others have their turn', async () => {
    const feed = new Feed(new MemoryLog())
    onTestFinished(() => feed.close())
    for (let i = 0; i < 3000; i += 1) feed.publish(info('x'.repeat(1000)))
    await feed.settled()
    const order: string[] = []
    const [long, short] = [new TestSink(), new TestSink()]
    long.write = (entries) => order.push(`long ${entries.at(-1)!.seq}`)
    short.write = (entries) => order.push(`short ${entries.at(-1)!.seq}`)
    feed.attach(long, 0)
    feed.attach(short, 2990)
    feed.publish(info('new'))
    await until('both are done', () => order.includes('long 3001') && order.includes('short 3001'))
    expect(order.indexOf('short 3001')).toBeLessThan(5)
    expect(order.indexOf('long 3001')).toBeGreaterThan(40)
  })

  test('a reader that stopped hears nothing more, in the middle of its catching up too', async () => {
    const feed = await createFilled(1000, 1000)
    const sink = new TestSink()
    const write = sink.write.bind(sink)
    sink.write = (entries) => {
      write(entries)
      reader.stop()
    }
    const reader = feed.attach(sink, 0)
    await until('it has begun', () => sink.seqs.length > 0)
    const { length } = sink.seqs
    expect(length).toBeLessThan(1000)
    expect(reader.cursor).toBe(length)
    feed.publish(info('more'))
    await feed.settled()
    await new Promise((go) => setTimeout(go, 10))
    expect(sink.seqs).toHaveLength(length)
  })

  test('a reader whose log cannot be read is told so', async () => {
    const log = new MemoryLog()
    const broken = wrap(log, {
      read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('EIO')) }) }),
    })
    const feed = new Feed(broken)
    onTestFinished(() => feed.close())
    feed.publish(info('1'))
    await feed.settled()
    const sink = new TestSink()
    feed.attach(sink, 0)
    await until('it was told', () => sink.failures.length === 1)
    expect(sink.caughtUpAt).toEqual([])
  })

  test('a reader on its way when the feed closes ends in silence', async () => {
    const feed = await createFilled(1000, 1000)
    const sink = new TestSink()
    feed.attach(sink, 0)
    await until('it has begun', () => sink.seqs.length > 0)
    await feed.close()
    await new Promise((go) => setTimeout(go, 10))
    expect(sink.failures).toEqual([])
  })

  test('an event larger than everything reaches live and late readers', async () => {
    const { feed } = await createFeed()
    const [live, late] = [new TestSink(), new TestSink()]
    feed.attach(live, 0)
    const huge = '☃'.repeat(6_000_000)
    for (const text of ['a', huge, 'b']) feed.publish(info(text))
    await feed.settled()
    feed.attach(late, 0)
    await until('it has all', () => late.seqs.length === 3)
    for (const sink of [live, late]) {
      expect(sink.seqs).toEqual([1, 2, 3])
      expect(sink.entries[1]!.event).toMatchObject({ data: huge })
    }
  })
})
