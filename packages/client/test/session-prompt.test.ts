import type { NewEvent } from '@claude-agent/protocol'
import { expect, test } from 'vitest'
import { PromptError } from '../src/index.ts'
import { rejection, until } from './peer.ts'
import { openSession, startSessionPeer, type SessionPeer } from './session-peer.ts'

const result = (text: string, uuids?: string[]): NewEvent =>
  ({ type: 'sdk_message', data: { type: 'result', result: text, user_message_uuids: uuids } }) as never
const ended = (uuid: string, outcome = 'completed'): NewEvent =>
  ({ type: 'prompt_ended', uuid, outcome }) as never

/** Appends when a prompt of this uuid was accepted. */
async function reply(peer: SessionPeer, uuid: string, ...events: NewEvent[]): Promise<void> {
  await until(() => peer.events.some((event) => event.type === 'user_message' && event.uuid === uuid))
  peer.append(...events)
}

test('prompt resolves with the result of its own turn', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const other = session.prompt('One', { uuid: 'u1' })
  const mine = session.prompt('Two', { uuid: 'u2' })
  await reply(peer, 'u2', result('of u1'), ended('u1'), result('of u2'), ended('u2'))
  expect(await mine).toMatchObject({ result: 'of u2' })
  expect(await other).toMatchObject({ result: 'of u1' })
  await until(() => peer.sockets.length === 0)
})

test('a result that names its prompts belongs to those, whatever comes in between', async () => {
  const peer = await startSessionPeer()
  const mine = openSession(peer).prompt('Two', { uuid: 'u2' })
  await reply(peer, 'u2', result('merged', ['u1', 'u2']), result('of a task'), ended('u1'), ended('u2'))
  expect(await mine).toMatchObject({ result: 'merged' })
})

test('prompt gets its result through a drop, and when it had ended before it could look', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const answer = session.prompt('Hello', { uuid: 'u1' })
  await until(() => session.state.status === 'connected')
  peer.drop()
  await reply(peer, 'u1', result('there'), ended('u1'))
  expect(await answer).toMatchObject({ result: 'there' })
  expect(await session.prompt('Hello', { uuid: 'u1' })).toMatchObject({ result: 'there' })
})

test('a prompt that ends otherwise rejects with its outcome', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  for (const outcome of ['interrupted', 'cancelled'] as const) {
    const answer = rejection(session.prompt('Hello', { uuid: outcome }))
    await reply(peer, outcome, ended(outcome, outcome))
    const error = await answer
    expect(error).toBeInstanceOf(PromptError)
    expect(error).toMatchObject({ code: 'prompt_interrupted', outcome, uuid: outcome })
  }
})

test('a prompt that could not be run rejects with the error that says why', async () => {
  const peer = await startSessionPeer()
  const answer = rejection(openSession(peer).prompt('Hello', { uuid: 'u' }))
  await reply(
    peer,
    'u',
    { type: 'error', error: 'There is no key.', code: 'no_model_access' },
    ended('u', 'failed'),
  )
  expect(await answer).toMatchObject({
    code: 'no_model_access',
    message: 'There is no key.',
    outcome: 'failed',
  })
})

test('when the events are not there any more, prompt says so instead of waiting for ever', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const answer = rejection(session.prompt('Hello'))
  await until(() => session.state.status === 'connected')
  peer.log = 'log2'
  peer.drop()
  expect(await answer).toMatchObject({ code: 'history_lost' })
})

test('the signal and close end the waiting, and free the socket', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const abort = new AbortController()
  const aborted = rejection(session.prompt('One', { signal: abort.signal }))
  const closed = rejection(session.prompt('Two'))
  await until(() => peer.sockets.length === 1 && peer.events.length === 2)
  const reason = new Error('enough')
  abort.abort(reason)
  expect(await aborted).toBe(reason)
  await session.close()
  expect(await closed).toMatchObject({ code: 'not_connected' })
  await until(() => peer.sockets.length === 0)
})
