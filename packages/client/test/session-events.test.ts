import { expect, test } from 'vitest'
import type { ClientEvent } from '../src/index.ts'
import { say, until } from './peer.ts'
import { openSession, startSessionPeer, text } from './session-peer.ts'
import { fill, gather, range, seqs, stateIs, take } from './session-readers.ts'

test('without a cursor an iterator gets the whole history, caught_up, and then what happens', async () => {
  const peer = await startSessionPeer()
  fill(peer, 3)
  const events = openSession(peer).events()
  expect(seqs(await take(events, 'caught_up'))).toEqual([1, 2, 3])
  peer.append(text('live'))
  expect((await events.next()).value).toMatchObject({ seq: 4, type: 'info', data: 'live' })
})

test('a client that comes back with its cursor receives what came after it, each once', async () => {
  const peer = await startSessionPeer()
  fill(peer, 5)
  const first = openSession(peer)
  for await (const event of first.events()) if ('seq' in event && event.seq === 3) break
  expect(first.cursor).toEqual({ log: 'log1', seq: 3 })
  const second = openSession(peer)
  expect(seqs(await take(second.events({ after: first.cursor }), 'caught_up'))).toEqual([4, 5])
  expect(second.cursor).toEqual({ log: 'log1', seq: 5 })
})

test('after: latest gives what happens from the call on, and a cursor before anything has happened', async () => {
  const peer = await startSessionPeer()
  fill(peer, 5)
  const events = openSession(peer).events({ after: 'latest' })
  expect(await take(events, 'caught_up')).toEqual([{ type: 'caught_up', seq: 5 }])
  expect(events.cursor).toEqual({ log: 'log1', seq: 5 })
  peer.append(text(6))
  expect((await events.next()).value).toMatchObject({ seq: 6 })
})

test('an iterator misses nothing that happens before it is first asked', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const events = session.events({ after: 'latest' })
  await until(stateIs(session, 'connected'))
  peer.append(text(1))
  expect(seqs(await take(events, 'info'))).toEqual([1])
})

test(
  'through hundreds of random drops 200 clients receive every event exactly once and in order',
  { timeout: 60_000 },
  async () => {
    const peer = await startSessionPeer()
    // The mulberry32 generator: the same drops in each run.
    let seed = 20_261_123
    const random = (): number => {
      seed = (seed + 0x6d2b79f5) | 0
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
    }
    // 10 times 20 clients of one log, each with a line of its own.
    for (let batch = 0; batch < 10; batch += 1) {
      const after = { log: 'log1', seq: peer.events.length }
      const sessions = Array.from({ length: 20 }, () => openSession(peer))
      const gathered = sessions.map((session) => gather(session.events({ after })))
      for (let n = 0; n < 60; n += 1) {
        const victims = peer.sockets.filter(() => random() < 0.05)
        for (const victim of victims) victim.terminate()
        peer.append(text(n))
        // Of these the last event may die on the way, or be half read.
        for (const victim of peer.sockets.filter(() => random() < 0.05)) victim.terminate()
        if (random() < 0.7) await new Promise((resolve) => setTimeout(resolve, random() * 10))
      }
      const isWhole = ({ events }: { events: ClientEvent[] }): boolean => seqs(events).length >= 60
      await until(() => gathered.every(isWhole), `batch ${batch}`)
      for (const { events } of gathered) expect(seqs(events)).toEqual(range(after.seq + 1, after.seq + 60))
      await Promise.all(sessions.map((session) => session.close()))
      await Promise.all(gathered.map(({ done }) => done))
    }
    expect(peer.upgrades).toBeGreaterThan(300)
  },
)

test('an event that comes twice is handed on once', async () => {
  const peer = await startSessionPeer()
  const events = openSession(peer).events()
  await take(events, 'caught_up')
  peer.append(text(1))
  say(peer.sockets[0], peer.events[0])
  peer.append(text(2))
  const taken = [(await events.next()).value, (await events.next()).value]
  expect(taken).toMatchObject([{ seq: 1 }, { seq: 2 }])
})

test('when a number is skipped the line is made anew, and what is missing comes', async () => {
  const peer = await startSessionPeer()
  const events = openSession(peer).events()
  await take(events, 'caught_up')
  peer.filter = ({ seq }) => seq !== 2
  peer.append(text(1), text(2), text(3))
  peer.filter = () => true
  const taken = [await events.next(), await events.next(), await events.next()]
  expect(taken.map(({ value }) => (value as { seq: number }).seq)).toEqual([1, 2, 3])
  expect(peer.upgrades).toBe(2)
})

test('a cursor of another log gives a gap and then everything that is there', async () => {
  const peer = await startSessionPeer()
  fill(peer, 2)
  const events = openSession(peer).events({ after: { log: 'before-the-restore', seq: 7 } })
  const taken = await take(events, 'caught_up')
  expect(taken[0]).toEqual({ type: 'gap', after: 7, first: 1 })
  expect(seqs(taken)).toEqual([1, 2])
  expect(events.cursor).toEqual({ log: 'log1', seq: 2 })
})

test('a log that changes while the line is down gives a gap, and caught_up again', async () => {
  const peer = await startSessionPeer()
  fill(peer, 3)
  const session = openSession(peer)
  const events = session.events()
  await take(events, 'caught_up')
  peer.log = 'log2'
  peer.drop()
  const taken = await take(events, 'caught_up')
  expect(taken[0]).toMatchObject({ type: 'gap' })
  expect(seqs(taken)).toEqual([1, 2, 3])
  expect(session.cursor).toEqual({ log: 'log2', seq: 3 })
})

test('a drop alone gives neither a gap nor another caught_up', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const events = session.events()
  await take(events, 'caught_up')
  peer.drop()
  peer.append(text(1))
  expect((await events.next()).value).toMatchObject({ seq: 1 })
})

test('history that a limit has removed is a gap, on the line and for one who joins it', async () => {
  const peer = await startSessionPeer()
  fill(peer, 6)
  peer.events.splice(0, 3)
  peer.firstSeq = 4
  const session = openSession(peer)
  for (const events of [session.events(), session.events()]) {
    const taken = await take(events, 'caught_up')
    expect(taken[0]).toEqual({ type: 'gap', after: 0, first: 4 })
    expect(seqs(taken)).toEqual([4, 5, 6])
  }
  expect(peer.sockets).toHaveLength(1)
})

test('partial messages come in their place, without a number; partials: false leaves them out', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const withThem = session.events()
  const without = session.events({ partials: false })
  await Promise.all([take(withThem, 'caught_up'), take(without, 'caught_up')])
  const partial = {
    type: 'stream_event',
    event: { type: 'ping' },
    parent_tool_use_id: null,
    uuid: 'p',
    session_id: '',
  }
  peer.append(text(1))
  peer.say(partial)
  peer.append(text(2))
  const heard = [await withThem.next(), await withThem.next(), await withThem.next()].map(
    ({ value }) => value,
  )
  expect(heard).toMatchObject([{ seq: 1 }, { type: 'sdk_message', data: partial }, { seq: 2 }])
  expect(heard[1]).not.toHaveProperty('seq')
  expect([await without.next(), await without.next()]).toMatchObject([
    { value: { seq: 1 } },
    { value: { seq: 2 } },
  ])
})

test('replayed partial messages keep their flag', async () => {
  const peer = await startSessionPeer()
  const events = openSession(peer).events()
  await take(events, 'caught_up')
  const replayed = {
    type: 'sdk_message',
    replayed: true,
    data: { type: 'stream_event', event: { type: 'ping' } },
  }
  say(peer.sockets[0], replayed)
  expect((await events.next()).value).toEqual(replayed)
})
