import { expect, test } from 'vitest'
import type { ClientEvent, ConnectionState, EventStream, Session } from '../src/index.ts'
import { rejection, say, until } from './peer.ts'
import { openSession, startSessionPeer, text, type SessionPeer } from './session-peer.ts'

/** The next events, until one is of the type. */
async function take(events: EventStream, until: ClientEvent['type']): Promise<ClientEvent[]> {
  const taken: ClientEvent[] = []
  for (;;) {
    const { value, done } = await events.next()
    if (done === true || value === undefined) return taken
    taken.push(value)
    if (value.type === until) return taken
  }
}

/** The numbers of the logged events. */
function seqs(events: ClientEvent[]): number[] {
  return events.flatMap((event) => ('at' in event ? [event.seq] : []))
}

/** Gathers the events of an iterator in the background. */
function gather(events: EventStream): { events: ClientEvent[]; done: Promise<void> } {
  const gathered: ClientEvent[] = []
  const done = (async () => {
    for await (const event of events) gathered.push(event)
  })()
  return { events: gathered, done }
}

function fill(peer: SessionPeer, count: number, size = 0): void {
  for (let n = 0; n < count; n += 1) peer.append(text('x'.repeat(size)))
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

const stateIs = (session: Session, status: ConnectionState['status']) => () => session.state.status === status

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

test('who joins a line in the middle of a message first gets what was said of it, replayed', async () => {
  const peer = await startSessionPeer()
  fill(peer, 2)
  const session = openSession(peer)
  const first = session.events({ after: 'latest' })
  await take(first, 'caught_up')
  const delta = (type: string) => ({ type: 'stream_event', event: { type }, parent_tool_use_id: null })
  peer.say(delta('message_start'))
  peer.say(delta('content_block_delta'))
  await take(first, 'sdk_message')
  await take(first, 'sdk_message')
  const second = session.events()
  const taken = [
    ...(await take(second, 'caught_up')),
    (await second.next()).value,
    (await second.next()).value,
  ]
  expect(seqs(taken as ClientEvent[])).toEqual([1, 2])
  expect(taken.slice(-2)).toMatchObject([
    { replayed: true, data: delta('message_start') },
    { replayed: true, data: delta('content_block_delta') },
  ])
  peer.say(delta('message_stop'))
  const third = session.events({ after: 'latest' })
  await take(third, 'caught_up')
  peer.append(text(3))
  expect(seqs(await take(third, 'info'))).toEqual([3])
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

test('break, return, the signal and close end an iterator and free the socket', async () => {
  const peer = await startSessionPeer()
  fill(peer, 1)
  const session = openSession(peer)
  const ways: ((events: EventStream, abort: AbortController) => Promise<unknown>)[] = [
    async (events) => {
      for await (const _ of events) break
    },
    (events) => events.return(),
    (_, abort) => Promise.resolve(abort.abort()),
    () => session.close(),
  ]
  for (const end of ways) {
    const abort = new AbortController()
    const events = session.events({ signal: abort.signal })
    await until(() => peer.sockets.length === 1)
    await end(events, abort)
    await until(() => peer.sockets.length === 0)
    expect(await events.next()).toEqual({ done: true, value: undefined })
    expect(session.state).toEqual({ status: 'closed' })
  }
})

test('return and the signal end a next() that waits', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const abort = new AbortController()
  for (const end of [(events: EventStream) => void events.return(), () => abort.abort()]) {
    const events = session.events({ signal: abort.signal })
    await take(events, 'caught_up')
    const waiting = events.next()
    end(events)
    expect(await waiting).toEqual({ done: true, value: undefined })
  }
})

test('a signal that has fired opens no socket', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const events = session.events({ signal: AbortSignal.abort() })
  expect(await events.next()).toEqual({ done: true, value: undefined })
  expect(session.state.status).toBe('closed')
  expect(peer.upgrades).toBe(0)
})

test('a session that is not there ends the iteration with its error, and the line', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer, {}, 'nobody')
  expect(await rejection(session.events().next())).toMatchObject({ code: 'session_not_found' })
  expect(session.state).toMatchObject({ status: 'closed', error: { code: 'session_not_found' } })
})

test('a session that is deleted under an iterator ends it with session_deleted, after what came before', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const events = session.events()
  await take(events, 'caught_up')
  peer.append(text(1))
  say(peer.sockets[0], { type: 'error', error: 'The session was deleted.', code: 'session_deleted' })
  peer.sockets[0]?.close(4404)
  await until(stateIs(session, 'closed'))
  const outcome = await rejection(take(events, 'caught_up'))
  expect(outcome).toMatchObject({ code: 'session_deleted' })
})

test('a wrong token ends the iteration with unauthorized', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const events = session.events()
  await take(events, 'caught_up')
  peer.sockets[0]?.close(4401)
  expect(await rejection(events.next())).toMatchObject({ code: 'unauthorized' })
})
