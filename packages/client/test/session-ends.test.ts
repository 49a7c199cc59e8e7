import { expect, test } from 'vitest'
import type { EventStream } from '../src/index.ts'
import { rejection, say, until } from './peer.ts'
import { openSession, startSessionPeer, text } from './session-peer.ts'
import { fill, stateIs, take } from './session-readers.ts'

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
