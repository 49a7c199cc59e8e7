import { expect, test } from 'vitest'
import type { ClientEvent } from '../src/index.ts'
import { until } from './peer.ts'
import { openSession, startSessionPeer, text } from './session-peer.ts'
import { fill, gather, range, seqs, stateIs, take } from './session-readers.ts'

test('who joins a line in the middle of a message first gets what was said of it, replayed', async () => {
  const peer = await startSessionPeer()
  fill(peer, 2)
  const session = openSession(peer)
  const first = session.events({ after: 'latest' })
  await take(first, 'caught_up')
  const delta = (type: string, index?: number) => ({
    type: 'stream_event',
    event: { type, index },
    parent_tool_use_id: null,
  })
  peer.say(delta('message_start'))
  peer.say(delta('content_block_start', 0))
  // What a whole message has told of is not told again.
  peer.append({ type: 'sdk_message', data: { type: 'assistant', parent_tool_use_id: null } as never })
  peer.say(delta('content_block_stop', 0))
  peer.say(delta('content_block_start', 1))
  for (let count = 0; count < 5; count += 1) await take(first, 'sdk_message')
  const second = session.events()
  const taken = [
    ...(await take(second, 'caught_up')),
    (await second.next()).value,
    (await second.next()).value,
  ]
  expect(seqs(taken as ClientEvent[])).toEqual([1, 2, 3])
  expect(taken.slice(-2)).toMatchObject([
    { replayed: true, data: { event: { type: 'message_start' } } },
    { replayed: true, data: { event: { type: 'content_block_start', index: 1 } } },
  ])
  peer.say(delta('message_stop'))
  const third = session.events({ after: 'latest' })
  await take(third, 'caught_up')
  peer.append(text(4))
  expect(seqs(await take(third, 'info'))).toEqual([4])
})

test('iterators from different places and handlers share one line, and each gets its own, once', async () => {
  const peer = await startSessionPeer({ pageSize: 7 })
  fill(peer, 30)
  const session = openSession(peer)
  const heard: number[] = []
  session.on('info', ({ seq }) => heard.push(seq))
  await until(stateIs(session, 'connected'))
  const all = gather(session.events())
  const some = gather(session.events({ after: { log: 'log1', seq: 20 } }))
  const none = gather(session.events({ after: 'latest' }))
  fill(peer, 10)
  await until(() => [all, some, none].every(({ events }) => seqs(events).at(-1) === 40))
  expect(seqs(all.events)).toEqual(range(1, 40))
  expect(seqs(some.events)).toEqual(range(21, 40))
  expect(seqs(none.events)).toEqual(range(31, 40))
  expect(heard).toEqual(range(31, 40))
  expect(peer.upgrades).toBe(1)
  for (const { events } of [all, some, none]) {
    expect(events.filter(({ type }) => type === 'caught_up')).toHaveLength(1)
  }
  peer.drop()
  fill(peer, 5)
  await until(() => seqs(all.events).at(-1) === 45 && heard.at(-1) === 45)
  expect(heard).toEqual(range(31, 45))
  expect(peer.upgrades).toBe(2)
})

test('the cursor of a session is that of its slowest iterator', async () => {
  const peer = await startSessionPeer()
  fill(peer, 5)
  const session = openSession(peer)
  const [fast, slow] = [session.events(), session.events()]
  await take(fast, 'caught_up')
  await take(slow, 'info')
  expect(session.cursor).toEqual({ log: 'log1', seq: 1 })
  await slow.return()
  expect(session.cursor).toEqual({ log: 'log1', seq: 5 })
})

test('a slow consumer lets go of the line, and gets everything from its cursor when it goes on', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer, { bufferChars: 20_000 })
  const events = session.events()
  await take(events, 'caught_up')
  fill(peer, 100, 1_000)
  await until(stateIs(session, 'closed'), 'the line is let go')
  await until(() => peer.sockets.length === 0)
  fill(peer, 100, 1_000)
  const taken: number[] = []
  while (taken.at(-1) !== 200) taken.push(...seqs(await take(events, 'info')))
  expect(taken).toEqual(range(1, 200))
})

test('a slow consumer costs a quick one nothing: the line stays, and pages fill what it missed', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer, { bufferChars: 20_000 })
  const slow = session.events()
  await take(slow, 'caught_up')
  const quick = gather(session.events())
  for (let round = 0; round < 20; round += 1) {
    fill(peer, 10, 1_000)
    await until(() => seqs(quick.events).at(-1) === (round + 1) * 10)
  }
  expect(peer.upgrades).toBe(1)
  const taken: number[] = []
  while (taken.at(-1) !== 200) taken.push(...seqs(await take(slow, 'info')))
  expect(taken).toEqual(range(1, 200))
  fill(peer, 1)
  expect(seqs(await take(slow, 'info'))).toEqual([201])
  expect(peer.upgrades).toBe(1)
})

test('one event that is larger than the buffer still comes', async () => {
  const peer = await startSessionPeer()
  const events = openSession(peer, { bufferChars: 1_000 }).events()
  await take(events, 'caught_up')
  fill(peer, 3, 50_000)
  const taken: number[] = []
  while (taken.length < 3) taken.push(...seqs(await take(events, 'info')))
  expect(taken).toEqual([1, 2, 3])
})
