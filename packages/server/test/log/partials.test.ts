import { randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { NewEvent } from '@claude-agent/protocol'
import { Feed } from '../../src/log/feed.ts'
import { MemoryLog } from '../../src/log/memory-log.ts'
import {
  blockStart,
  blockStop,
  kinds,
  messageStart,
  messageStop,
  streamed,
  textDelta,
  whole,
} from './stream.ts'
import { info, TestSink } from './support.ts'

function createFeed(): Feed {
  const feed = new Feed(new MemoryLog())
  onTestFinished(() => feed.close())
  return feed
}

/** What a reader that comes now is given without a number. */
async function replayed(feed: Feed): Promise<TestSink> {
  await feed.settled()
  const sink = new TestSink()
  feed.attach(sink, feed.lastSeq).stop()
  return sink
}

test('a reader that comes in the middle of a message sees the text so far, then the rest, without a seam', async () => {
  const feed = createFeed()
  feed.publish(info('before'))
  for (const event of [messageStart('m'), blockStart(0), textDelta('one '), textDelta('two ')])
    feed.publishEphemeral(event)
  await feed.settled()
  const sink = new TestSink()
  feed.attach(sink, 1)
  feed.publishEphemeral(textDelta('three'))
  await feed.settled()
  expect(kinds(sink.entries)).toEqual(['message_start*', 'content_block_start*', 'one two *', 'three'])
  expect(sink.entries.map(({ json, event }) => [JSON.parse(json.toString()), event])).toEqual(
    sink.entries.map(({ event }) => [event, event]),
  )
})

test('what is on its way when a reader comes is neither lost nor doubled', async () => {
  const feed = createFeed()
  feed.publishEphemeral(messageStart('m'))
  feed.publishEphemeral(blockStart(0))
  await feed.settled()
  feed.publishEphemeral(textDelta('on its way'))
  const sink = new TestSink()
  feed.attach(sink, 0)
  await feed.settled()
  expect(kinds(sink.entries)).toEqual(['message_start*', 'content_block_start*', 'on its way'])
})

test('a reader with history gets that first, then the text so far, and then hears that it has caught up', async () => {
  const feed = createFeed()
  feed.publish(info('1'))
  feed.publishEphemeral(messageStart('m'))
  feed.publish(info('2'))
  await feed.settled()
  const order: string[] = []
  const sink = new TestSink()
  sink.write = (entries) => order.push(...kinds(entries))
  sink.caughtUp = (seq) => order.push(`caught up ${seq}`)
  feed.attach(sink, 0)
  feed.publish(info('3'))
  await vi.waitFor(() => expect(order).toContain('#3'), 10_000)
  expect(order.filter((step) => !step.startsWith('#'))).toEqual([
    'message_start*',
    expect.stringMatching('caught'),
  ])
  expect(order.filter((step) => step.startsWith('#'))).toEqual(['#1', '#2', '#3'])
  expect(order.indexOf('message_start*')).toBeGreaterThan(order.indexOf('#2'))
})

test.each([
  ['text_delta', 'text'],
  ['input_json_delta', 'partial_json'],
  ['thinking_delta', 'thinking'],
])('deltas of the kind %s of one block become one', async (type, field) => {
  const feed = createFeed()
  feed.publishEphemeral(messageStart('m'))
  feed.publishEphemeral(blockStart(0, 'any'))
  const delta = (text: string) =>
    streamed({ type: 'content_block_delta', index: 0, delta: { type, [field]: text } })
  for (const text of ['a', '☃', '', 'c']) feed.publishEphemeral(delta(text))
  const { entries } = await replayed(feed)
  expect(entries.map(({ event }) => event).slice(2)).toEqual([{ ...delta('a☃c'), replayed: true }])
})

test('deltas of other blocks and kinds stay apart, in their order', async () => {
  const feed = createFeed()
  const signature = (text: string) =>
    streamed({ type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: text } })
  const thinking = streamed({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'thinking_delta', thinking: 'z' },
  })
  const events = [messageStart('m'), blockStart(0), textDelta('a'), textDelta('b'), thinking, signature('1')]
  events.push(signature('2'), blockStop(0), blockStart(1), textDelta('c', 1), textDelta('d', 1))
  for (const event of events) feed.publishEphemeral(event)
  const { entries } = await replayed(feed)
  const merged = [messageStart('m'), blockStart(0), textDelta('ab'), thinking, signature('1'), signature('2')]
  merged.push(blockStop(0), blockStart(1), textDelta('cd', 1))
  expect(entries.map(({ event }) => event)).toEqual(merged.map((event) => ({ ...event, replayed: true })))
})

test('a block that was told whole is not replayed; the start of its message is, for the blocks that follow', async () => {
  const feed = createFeed()
  for (const event of [messageStart('m'), blockStart(0), textDelta('said whole')])
    feed.publishEphemeral(event)
  feed.publish(whole('assistant'))
  feed.publishEphemeral(blockStop(0))
  expect(kinds((await replayed(feed)).entries)).toEqual(['message_start*'])
  feed.publishEphemeral(blockStart(1))
  feed.publishEphemeral(textDelta('next', 1))
  expect(kinds((await replayed(feed)).entries)).toEqual(['message_start*', 'content_block_start*', 'next*'])
})

test.each<[string, (feed: Feed) => void]>([
  ['it stops', (feed) => feed.publishEphemeral(messageStop())],
  ['the turn has its result', (feed) => feed.publish(whole('result'))],
  [
    'the agent dies',
    (feed) => feed.publish({ type: 'agent_exited', code: 1, signal: null, cause: '', resumable: true }),
  ],
])('nothing of a message is replayed after %s', async (_, end) => {
  const feed = createFeed()
  for (const event of [messageStart('m'), blockStart(0), textDelta('gone')]) feed.publishEphemeral(event)
  end(feed)
  expect((await replayed(feed)).entries).toEqual([])
  feed.publishEphemeral(textDelta('of nothing'))
  expect((await replayed(feed)).entries).toEqual([])
})

test('messages of subagents are kept apart', async () => {
  const feed = createFeed()
  for (const event of [
    messageStart('main'),
    blockStart(0),
    messageStart('sub', 'tool'),
    blockStart(0, 'text', 'tool'),
    textDelta('m1 '),
    textDelta('s1 ', 0, 'tool'),
    textDelta('m2'),
    textDelta('s2', 0, 'tool'),
  ])
    feed.publishEphemeral(event)
  expect(kinds((await replayed(feed)).entries).filter((kind) => !kind.includes('_'))).toEqual([
    'm1 m2*',
    's1 s2*',
  ])
  feed.publish(whole('assistant', { parent_tool_use_id: 'tool' }))
  feed.publishEphemeral(messageStop('tool'))
  expect(kinds((await replayed(feed)).entries)).toEqual(['message_start*', 'content_block_start*', 'm1 m2*'])
})

describe('a message beyond 4 MiB', () => {
  const big = 'x'.repeat(700_000)

  test('is given up: who comes then does without the rest of it, and gets the next one', async () => {
    const feed = createFeed()
    const early = new TestSink()
    feed.attach(early, 0)
    for (const event of [messageStart('m'), blockStart(0)]) feed.publishEphemeral(event)
    for (let i = 0; i < 7; i += 1) feed.publishEphemeral(textDelta(big))
    await feed.settled()
    const late = new TestSink()
    feed.attach(late, 0)
    const end = [textDelta('end'), messageStop(), messageStart('n'), blockStart(0), textDelta('next')]
    for (const event of end) feed.publishEphemeral(event)
    await feed.settled()
    expect(kinds(early.entries).slice(-5)).toEqual([
      'end',
      'message_stop',
      'message_start',
      'content_block_start',
      'next',
    ])
    expect(kinds(late.entries)).toEqual(['message_start', 'content_block_start', 'next'])
    expect(kinds((await replayed(feed)).entries)).toEqual(['message_start*', 'content_block_start*', 'next*'])
  })

  test('of one speaker leaves that of another as it is', async () => {
    const feed = createFeed()
    for (const event of [messageStart('m'), blockStart(0), textDelta('kept')]) feed.publishEphemeral(event)
    feed.publishEphemeral(messageStart('sub', 'tool'))
    feed.publishEphemeral(blockStart(0, 'text', 'tool'))
    for (let i = 0; i < 7; i += 1) feed.publishEphemeral(textDelta(big, 0, 'tool'))
    expect(kinds((await replayed(feed)).entries)).toEqual(['message_start*', 'content_block_start*', 'kept*'])
  })

  test('that is told in whole blocks on the way is not given up', async () => {
    const feed = createFeed()
    feed.publishEphemeral(messageStart('m'))
    for (let block = 0; block < 10; block += 1) {
      feed.publishEphemeral(blockStart(block))
      feed.publishEphemeral(textDelta(big, block))
      feed.publish(whole('assistant'))
      feed.publishEphemeral(blockStop(block))
    }
    feed.publishEphemeral(blockStart(10))
    expect(kinds((await replayed(feed)).entries)).toEqual(['message_start*', 'content_block_start*'])
  })
})

test('what looks like no event of the Messages API is handed out and not kept', async () => {
  const feed = createFeed()
  const sink = new TestSink()
  feed.attach(sink, 0)
  const odd: NewEvent[] = [
    whole('stream_event'),
    whole('stream_event', { event: null }),
    whole('stream_event', { event: { type: 7 } }),
    whole('stream_event', { event: { type: 'content_block_delta' } }),
    whole('stream_event', { event: { type: 'content_block_delta', index: 0, delta: null } }),
    whole(randomBytes(4).toString('hex')),
    { type: 'sdk_message', data: null as never },
  ]
  for (const event of odd) feed.publishEphemeral(event as never)
  await feed.settled()
  expect(sink.entries).toHaveLength(odd.length)
  expect((await replayed(feed)).entries).toEqual([])
})
