import { expect, test } from 'vitest'
import { json, rejection, startPeer, until } from './peer.ts'
import { firstTimes, openSession, startSessionPeer } from './session-peer.ts'

/** The prompts in the log. */
function prompts(events: readonly { type: string }[]): number {
  return events.filter(({ type }) => type === 'user_message').length
}

const POST = 'POST /sessions/s1/messages'

test('a prompt goes over HTTP while no socket is open, and over the socket when there is one', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  expect(await session.send('Hello')).toMatchObject({ seq: 1, turn: 'own' })
  expect(peer.requests).toHaveLength(1)
  session.on('status', () => {})
  await until(() => session.state.status === 'connected')
  const accepted = await session.send(
    { content: [{ type: 'text', text: 'Again' }] },
    { uuid: 'u2', priority: 'next' },
  )
  expect(accepted).toEqual({ uuid: 'u2', seq: 2, turn: 'own' })
  expect(peer.requests).toHaveLength(1)
  expect(peer.events).toMatchObject([
    { data: { type: 'user', message: { role: 'user', content: 'Hello' } } },
    { data: { uuid: 'u2', priority: 'next', message: { content: [{ text: 'Again' }] } } },
  ])
})

test('a large prompt goes over HTTP, so that nothing waits behind it on the socket', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  session.on('status', () => {})
  await until(() => session.state.status === 'connected')
  await session.send('x'.repeat(300_000))
  expect(peer.requests).toHaveLength(1)
})

test('the SDK’s whole message is sent as it is, with its uuid', async () => {
  const peer = await startSessionPeer()
  const message = {
    type: 'user',
    uuid: 'mine',
    isSynthetic: true,
    message: { role: 'user', content: 'Hi' },
  } as const
  expect(await openSession(peer).send(message)).toMatchObject({ uuid: 'mine' })
  expect(peer.events[0]).toMatchObject({ data: message })
})

test('a prompt whose acknowledgement died with the socket is sent again with its uuid, and stands there once', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  session.on('status', () => {})
  await until(() => session.state.status === 'connected')
  peer.lose = firstTimes(1, 'user_message')
  const accepted = await session.send('Hello')
  expect(accepted.seq).toBe(1)
  expect(prompts(peer.events)).toBe(1)
  expect(peer.requests.map(({ url }) => url)).toEqual(['/sessions/s1/messages'])
})

test('a prompt whose acknowledgement over HTTP was lost is sent again with its uuid, and stands there once', async () => {
  const peer = await startSessionPeer()
  peer.lose = firstTimes(2, POST)
  await openSession(peer).send('Hello')
  expect(peer.requests).toHaveLength(3)
  expect(prompts(peer.events)).toBe(1)
})

test('a prompt whose acknowledgement does not come in time is sent again', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer, { requestMs: 150 })
  session.on('status', () => {})
  await until(() => session.state.status === 'connected')
  peer.mute()
  await session.send('Hello')
  expect(prompts(peer.events)).toBe(1)
})

test('a server that is away gets the prompt when it is back', async () => {
  const away = await startSessionPeer()
  const session = openSession(away)
  await away.close()
  const sent = session.send('Hello')
  await new Promise((resolve) => setTimeout(resolve, 300))
  const back = await startSessionPeer({ port: away.port })
  expect(await sent).toMatchObject({ seq: 1 })
  expect(prompts(back.events)).toBe(1)
})

test('prompts are accepted in the order of the calls, also when the first has to be repeated', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  peer.lose = firstTimes(1, POST)
  const uuids = Array.from({ length: 20 }, (_, index) => `u${index}`)
  await Promise.all(uuids.map((uuid) => session.send('Hello', { uuid })))
  expect(peer.events.map((event) => (event as { uuid?: string }).uuid)).toEqual(uuids)
})

test('a prompt that is refused rejects with the code, and the next one goes on', async () => {
  const codes = ['uuid_conflict', undefined]
  const peer = await startPeer({
    onHttp(_, response) {
      const code = codes.shift()
      if (code === undefined) json(response, 202, { uuid: 'u', seq: 1, turn: 'own' })
      else json(response, 409, { error: 'No.', code })
    },
  })
  const session = openSession(peer)
  const refused = rejection(session.send('Hello'))
  const accepted = session.send('Again')
  expect(await refused).toMatchObject({ code: 'uuid_conflict' })
  expect(await accepted).toMatchObject({ seq: 1 })
})

test('the signal ends a send that waits for the server, and one that waits for its turn', async () => {
  const peer = await startPeer()
  await peer.close()
  const session = openSession(peer)
  const abort = new AbortController()
  const stuck = rejection(session.send('Hello'))
  const waiting = rejection(session.send('Again', { signal: abort.signal }))
  const reason = new Error('enough')
  abort.abort(reason)
  expect(await waiting).toBe(reason)
  await session.close()
  expect(await stuck).toMatchObject({ code: 'not_connected' })
})
