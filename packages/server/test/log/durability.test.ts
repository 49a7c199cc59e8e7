import { describe, expect, onTestFinished, test } from 'vitest'
import type { EventLog } from '../../src/log/event-log.ts'
import { storageFull } from '../../src/log/event-log.ts'
import { Feed, type Durability } from '../../src/log/feed.ts'
import { JsonlLog } from '../../src/log/jsonl-log.ts'
import { temporaryFolder, until } from '../support.ts'
import { info, partial, TestSink, wrap } from './support.ts'

interface Disk {
  feed: Feed
  log: EventLog
  sink: TestSink
  /** What the log did, in order. */
  story: string[]
  canWrite: boolean
  canSync: boolean
}

/** A feed with one reader, over a log that can be told to fail. */
async function createFeed(durability?: Durability): Promise<Disk> {
  const log = await JsonlLog.open(await temporaryFolder())
  const sink = new TestSink()
  const disk: Disk = { feed: undefined as never, log, sink, story: [], canWrite: true, canSync: true }
  const failing = wrap(log, {
    append: async (drafts) => {
      if (!disk.canWrite) throw storageFull(new Error('no room'))
      disk.story.push(`append ${drafts.length}`)
      return await log.append(drafts)
    },
    sync: async () => {
      if (!disk.canSync) throw storageFull(new Error('no room'))
      disk.story.push('sync')
      await log.sync()
    },
  })
  disk.feed = new Feed(failing, durability === undefined ? {} : { durability })
  onTestFinished(() => disk.feed.close())
  const write = sink.write.bind(sink)
  sink.write = (entries) => {
    disk.story.push(`hand out ${entries.length}`)
    write(entries)
  }
  disk.feed.attach(sink, 0)
  return disk
}

describe('durability', () => {
  test('acknowledged: the disk is waited for when somebody asks, and only then', async () => {
    const { feed, story } = await createFeed()
    feed.publish(info('1'))
    await feed.settled()
    await feed.offer(info('2'))
    expect(story).not.toContain('sync')
    await feed.durable()
    expect(story.at(-1)).toBe('sync')
  })

  test('always: each batch is on disk before any reader gets it', async () => {
    const { feed, story } = await createFeed('always')
    feed.publish(info('1'))
    feed.publish(info('2'))
    await feed.settled()
    await feed.offer(info('3'))
    expect(story).toEqual(['append 2', 'sync', 'hand out 2', 'append 1', 'sync', 'hand out 1'])
  })

  test('always: a reader that catches up gets nothing that is not on disk yet', async () => {
    const disk = await createFeed('always')
    disk.canSync = false
    disk.feed.publish(info('1'))
    await until('the fault shows', () => disk.feed.fault !== undefined)
    expect([disk.log.lastSeq, disk.feed.lastSeq]).toEqual([1, 0])
    const late = new TestSink()
    disk.feed.attach(late, 0)
    await new Promise((go) => setTimeout(go, 20))
    expect([late.seqs, disk.sink.seqs]).toEqual([[], []])
    disk.canSync = true
    await until('both have it', () => late.seqs.length === 1 && disk.sink.seqs.length === 1)
    expect(disk.story.filter((step) => step.startsWith('append'))).toEqual(['append 1'])
  })

  test('never: nobody waits for the disk', async () => {
    const { feed, story } = await createFeed('never')
    await feed.offer(info('1'))
    await feed.durable()
    expect(story).not.toContain('sync')
  })

  test('who asks for durability when there is no room is told so', async () => {
    const disk = await createFeed()
    await disk.feed.offer(info('1'))
    disk.canSync = false
    await expect(disk.feed.durable()).rejects.toMatchObject({ code: 'storage_full' })
    disk.canSync = true
    await disk.feed.durable()
  })
})

describe('a full disk', () => {
  test('events wait, in order, and go on when there is room again', async () => {
    const disk = await createFeed()
    const { feed, sink } = disk
    disk.canWrite = false
    feed.publish(info('1'))
    feed.publishEphemeral(partial('between'))
    await until('the fault shows', () => feed.fault !== undefined)
    feed.publish(info('2'))
    expect(sink.entries).toEqual([])
    disk.canWrite = true
    await until('both are out', () => sink.entries.length === 3)
    expect(sink.texts).toEqual(['1', 'between', '2'])
    expect(feed.fault).toBeUndefined()
  })

  test('an offer is answered with its number once it is written', async () => {
    const { feed, sink } = await createFeed()
    feed.publish(info('1'))
    const offers = [feed.offer(info('2')), feed.offer(info('3'))]
    feed.publish(info('4'))
    expect(await Promise.all(offers)).toMatchObject([{ seq: 2, data: '2' }, { seq: 3 }])
    expect(sink.seqs).toEqual([1, 2, 3, 4])
  })

  test('an offer is refused, also one that waits behind others, and what is published stays', async () => {
    const disk = await createFeed()
    const { feed, sink } = disk
    disk.canWrite = false
    feed.publish(info('published before'))
    const offers = [feed.offer(info('a')), feed.offer(info('x'.repeat(200_000))), feed.offer(info('b'))]
    feed.publish(info('published after'))
    const outcomes = await Promise.allSettled(offers)
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected'])
    await expect(feed.offer(info('at once'))).rejects.toMatchObject({ code: 'storage_full' })
    disk.canWrite = true
    await until('they are out', () => sink.seqs.length === 2)
    expect(await feed.offer(info('next'))).toMatchObject({ seq: 3 })
    expect(sink.entries.map(({ event }) => (event.type === 'info' ? event.data : ''))).toEqual([
      'published before',
      'published after',
      'next',
    ])
  })

  test('when only offers met it, the next one is tried again, and nothing else is stuck', async () => {
    const disk = await createFeed()
    disk.canWrite = false
    await expect(disk.feed.offer(info('refused'))).rejects.toMatchObject({ code: 'storage_full' })
    await until('the fault is over', () => disk.feed.fault === undefined)
    await expect(disk.feed.offer(info('again'))).rejects.toMatchObject({ code: 'storage_full' })
    disk.canWrite = true
    await until('the fault is over', () => disk.feed.fault === undefined)
    expect(await disk.feed.offer(info('taken'))).toMatchObject({ seq: 1 })
  })

  test.each([
    ['acknowledged', 'storage_full'],
    ['always', 'server_stopping'],
  ] as const)(
    'a feed (%s) that is closed meanwhile does not wait for room, and leaves nobody waiting',
    async (durability, code) => {
      const disk = await createFeed(durability)
      disk.canWrite = durability === 'always'
      disk.canSync = false
      const offer = disk.feed.offer(info('offered'))
      const answer = offer.catch((error: unknown) => error)
      for (let i = 0; i < 9; i += 1) disk.feed.publish(info('x'.repeat(1024 * 1024)))
      const room = disk.feed.room()
      await until('the fault shows', () => disk.feed.fault !== undefined)
      await disk.feed.close()
      await room
      expect(await answer).toMatchObject({ code })
      expect(disk.sink.entries).toEqual([])
    },
  )

  test('what waits is written at the close when there is room then', async () => {
    const disk = await createFeed()
    disk.canWrite = false
    disk.feed.publish(info('1'))
    await until('the fault shows', () => disk.feed.fault !== undefined)
    disk.canWrite = true
    await disk.feed.close()
    expect(disk.log.lastSeq).toBe(1)
  })
})
