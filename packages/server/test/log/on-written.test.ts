import { expect, test } from 'vitest'
import type { EventLog } from '../../src/log/event-log.ts'
import { createFeed, info, partial, TestSink } from './support.ts'

test('the session hears of each event in order, once it is written and before any reader gets it', async () => {
  const story: string[] = []
  const { feed } = await createFeed(undefined, {
    onWritten: ({ seq }) => {
      expect(feed.lastSeq).toBe(seq)
      story.push(`fold ${seq}`)
    },
  })
  const sink = new TestSink()
  sink.write = (entries) => story.push(...entries.map(({ seq }) => `read ${seq}`))
  feed.attach(sink, 0)
  feed.publish(info('a'))
  feed.publish(info('b'))
  await feed.settled()
  feed.publish(info('c'))
  await feed.settled()
  expect(story).toEqual(['fold 1', 'fold 2', 'read 1', 'read 2', 'fold 3', 'read 3'])
})

test('a reader that catches up gets nothing that the session has not heard of yet', async () => {
  let heard = 0
  // A log that has had the events for a while when its write is over.
  const slowly = (log: EventLog): Partial<EventLog> => ({
    append: async (drafts) => {
      const entries = await log.append(drafts)
      await new Promise((go) => setTimeout(go, 2))
      return entries
    },
  })
  const { feed } = await createFeed(slowly, { onWritten: ({ seq }) => (heard = seq) })
  const early: number[] = []
  for (let i = 0; i < 400; i += 1) {
    feed.publish(info('x'.repeat(500)))
    if (i % 10 > 0) continue
    const sink = new TestSink()
    sink.write = (entries) => void early.push(...entries.flatMap(({ seq = 0 }) => (seq > heard ? seq : [])))
    feed.attach(sink, 0)
    await new Promise((go) => setTimeout(go, 1))
  }
  await feed.settled()
  expect(early).toEqual([])
})

test('an event that the session tells when it hears of another is written next', async () => {
  const { feed } = await createFeed(undefined, {
    onWritten: (event) => {
      if (event.type === 'info' && event.data === 'ask') feed.publish(info('answer'))
    },
  })
  const sink = new TestSink()
  feed.attach(sink, 0)
  feed.publish(info('ask'))
  feed.publish(info('else'))
  await feed.settled()
  expect(sink.entries.map(({ event }) => (event.type === 'info' ? event.data : ''))).toEqual([
    'ask',
    'else',
    'answer',
  ])
})

test('a reader that the session attaches when it hears of an event gets each event once', async () => {
  const sinks: TestSink[] = []
  const { feed } = await createFeed(undefined, {
    onWritten: ({ seq }) => {
      const sink = new TestSink()
      sinks.push(sink)
      feed.attach(sink, seq)
    },
  })
  for (const text of ['1', '2', '3']) feed.publish(info(text))
  feed.publishEphemeral(partial('end'))
  await feed.settled()
  expect(sinks.map(({ texts }) => texts)).toEqual([['2', '3', 'end'], ['3', 'end'], ['end']])
})

test('a fault of the session keeps an event from nobody', async () => {
  const warned = new Promise((resolve) => process.once('warning', resolve))
  const fault = new Error('the session cannot fold')
  const { feed } = await createFeed(undefined, {
    onWritten: () => {
      throw fault
    },
  })
  const sink = new TestSink()
  feed.attach(sink, 0)
  feed.publish(info('1'))
  expect(await feed.offer(info('2'))).toMatchObject({ seq: 2 })
  expect(sink.seqs).toEqual([1, 2])
  expect(await warned).toBe(fault)
})
