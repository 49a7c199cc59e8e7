import { expect, test } from 'vitest'
import { AgentServer, connect } from '../src/index.ts'
import { json, rejection, startPeer, until } from './peer.ts'
import { firstTimes, openSession, startSessionPeer, text } from './session-peer.ts'

test('connect asks for nothing, and says at once what is wrong with an address or a token', async () => {
  const peer = await startPeer()
  connect({ url: peer.url, token: 't' }).session('s1')
  expect(peer.requests).toEqual([])
  expect(() => connect({ url: 'localhost:3000' })).toThrow("The url 'localhost:3000' is not an http")
  expect(() => connect({ url: peer.url, token: 'a b' })).toThrow('The token holds a space')
})

test('requests keep a path prefix and a query of the address, and show the token', async () => {
  const peer = await startPeer()
  await connect({ url: `${peer.url}/box/?key=1`, token: 'open-sesame' })
    .session('s 1')
    .info()
  expect(peer.requests[0]?.url).toBe('/box/sessions/s%201?key=1')
  expect(peer.requests[0]?.headers.authorization).toBe('Bearer open-sesame')
})

test('health tells what the server says of itself', async () => {
  const peer = await startSessionPeer()
  expect(await connect({ url: peer.url }).health()).toMatchObject({ status: 'ok', protocol: 2 })
})

test('a session is created with what is given, under an id that is drawn when there is none', async () => {
  const peer = await startSessionPeer()
  const server = connect({ url: peer.url })
  const named = await server.createSession({ id: 'mine', title: 'A', options: { model: 'opus' } })
  const drawn = await server.createSession()
  expect(named.id).toBe('mine')
  expect(drawn.id).toMatch(/^[0-9a-f-]{36}$/)
  expect(peer.created.get('mine')).toEqual({ id: 'mine', title: 'A', options: { model: 'opus' } })
})

test('a creation whose answer was lost is repeated with the same id: there is one session', async () => {
  const peer = await startSessionPeer()
  peer.lose = firstTimes(2, 'POST /sessions')
  const session = await connect({ url: peer.url }).createSession()
  expect(peer.requests).toHaveLength(3)
  expect([...peer.created.keys()]).toEqual([session.id])
})

test('a creation is repeated while the server goes (503), and not when it was refused', async () => {
  const codes = ['server_stopping', 'session_conflict']
  const peer = await startPeer({
    onHttp(_, response) {
      const code = codes.shift()
      json(response, code === 'server_stopping' ? 503 : 409, { error: 'No.', code, retryAfterMs: 1 })
    },
  })
  expect(await rejection(connect({ url: peer.url }).createSession())).toMatchObject({
    code: 'session_conflict',
  })
  expect(peer.requests).toHaveLength(2)
})

test('a creation gives up on a server that stays away, and when its signal fires', async () => {
  const peer = await startPeer()
  await peer.close()
  const server = new AgentServer({ url: peer.url }, { createMs: 300 })
  expect(await rejection(server.createSession())).toMatchObject({ code: 'connect_failed' })
  const reason = new Error('enough')
  const abort = new AbortController()
  const created = rejection(connect({ url: peer.url }).createSession({}, { signal: abort.signal }))
  abort.abort(reason)
  expect(await created).toBe(reason)
})

test('a callback among the options is refused by name before anything is sent', async () => {
  const peer = await startPeer()
  const options = { canUseTool: () => {} } as object
  expect(await rejection(connect({ url: peer.url }).createSession({ options }))).toMatchObject({
    code: 'option_refused',
    message: expect.stringContaining('canUseTool'),
  })
  expect(peer.requests).toEqual([])
})

test('sessions are listed page by page behind one loop', async () => {
  const peer = await startSessionPeer()
  const server = connect({ url: peer.url })
  for (const id of ['a', 'b', 'c', 'd', 'e']) await server.createSession({ id })
  const ids: string[] = []
  for await (const { id } of server.sessions()) ids.push(id)
  expect(ids).toEqual(['a', 'b', 'c', 'd', 'e'])
  const page = await server.listSessions({ after: 'a', limit: 3 })
  expect({ ids: page.sessions.map(({ id }) => id), next: page.next }).toEqual({
    ids: ['b', 'c', 'd'],
    next: 'd',
  })
})

test('info, update and delete speak of the session; errors keep their codes', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  expect(await session.info()).toMatchObject({ id: 's1', status: 'idle' })
  expect(await session.update({ title: 'B' })).toMatchObject({ title: 'B' })
  await session.delete()
  expect(peer.requests.map(({ method }) => method)).toEqual(['GET', 'PATCH', 'DELETE'])
  expect(await rejection(openSession(peer, {}, 'gone').info())).toMatchObject({ code: 'session_not_found' })
})

test('a request that gets no answer in time is connect_timeout; its signal ends it at once', async () => {
  const peer = await startPeer({ onHttp() {} })
  const session = openSession(peer, { requestMs: 100 })
  expect(await rejection(session.info())).toMatchObject({
    code: 'connect_timeout',
    hint: expect.stringContaining('requestTimeoutMs'),
  })
  const reason = new Error('enough')
  expect(await rejection(session.info({ signal: AbortSignal.abort(reason) }))).toBe(reason)
})

test('what answers without JSON is not_a_server', async () => {
  const peer = await startPeer({ onHttp: (_, response) => void response.end('<h1>Hi</h1>') })
  expect(await rejection(openSession(peer).info())).toMatchObject({ code: 'not_a_server' })
})

test('cancel and interrupt go over either way, and reject with what the server says', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  for (const requests of [4, 4]) {
    const { uuid } = await session.send('Hello')
    expect(await session.cancel(uuid)).toEqual({ uuid, outcome: 'cancelled' })
    expect(await rejection(session.cancel('nobody'))).toMatchObject({ code: 'prompt_not_found' })
    await session.interrupt()
    expect(peer.requests).toHaveLength(requests)
    session.on('status', () => {})
    await until(() => session.state.status === 'connected')
  }
})

test('an interrupt whose answer is lost rejects: it is not repeated', async () => {
  const peer = await startSessionPeer()
  peer.lose = firstTimes(1, 'POST /sessions/s1/interrupt')
  expect(await rejection(openSession(peer).interrupt())).toMatchObject({ code: 'connect_failed' })
  expect(peer.requests).toHaveLength(1)
})

test('an ask is answered by what it is about or by its id, and declined with a reason, in this client’s name', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const ask = (id: string) => ({ type: 'ask', ask: id, kind: 'can_use_tool', data: {} }) as never
  peer.append(ask('a'), ask('b'), ask('c'))
  const accepted = await session.answer({ ask: 'a', kind: 'can_use_tool' }, { behavior: 'allow' })
  expect(accepted).toEqual({ ask: 'a', outcome: 'answered', by: 'tester', seq: 4 })
  await session.answer('b', { behavior: 'deny', message: 'No.' })
  await session.decline('c', 'Not now.')
  expect(peer.requests.map(({ body }) => JSON.parse(String(body)))).toEqual([
    { result: { behavior: 'allow' }, by: 'tester' },
    { result: { behavior: 'deny', message: 'No.' }, by: 'tester' },
    { error: 'Not now.', by: 'tester' },
  ])
  session.on('status', () => {})
  await until(() => session.state.status === 'connected')
  expect(await rejection(session.decline('a', 'Late.'))).toMatchObject({ code: 'already_settled' })
  expect(peer.frames).toMatchObject([{ type: 'answer', ask: 'a', error: 'Late.' }])
})

test('a program ends by itself once its iterators are over: nothing is left running', async () => {
  const peer = await startSessionPeer()
  peer.append(text(1))
  const session = openSession(peer)
  const abort = new AbortController()
  for await (const event of session.events({ signal: abort.signal })) if (event.type === 'caught_up') break
  await session.send('Hello', { signal: abort.signal })
  await session.close()
  await until(() => peer.sockets.length === 0)
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
  // The test runner has one for the time limit of the test.
  expect(timers.length).toBeLessThanOrEqual(1)
})
