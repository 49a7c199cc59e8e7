import { ask } from '../../support/http.ts'
import { turnsOf } from '../../support/messages.ts'
import { expect, test } from '../../support/test.ts'
import { pause, until } from '../../support/until.ts'
import { isResult, numbersOf, range, textsOf } from './support/frame.ts'
import { Listener } from './support/listener.ts'
import { blocks, restart, talk, wordOf } from './support/speeches.ts'

test.concurrent('A session goes on with no client attached', async ({ world }) => {
  const { session } = await talk(world, [blocks('lecture', 60, 0, 60)])
  const listener = session.listen()
  await listener.prompt('lecture')
  await session.prompt('and then?')
  await listener.next(({ data }) => data?.type === 'assistant')
  listener.terminate()
  const { lastSeq } = await session.idle()
  const events = await session.pages()
  expect(numbersOf(events)).toEqual(range(1, lastSeq))
  expect(textsOf(events)).toEqual([...range(0, 59).map((index) => wordOf(index)), 'echo: and then?'])
  expect(events.filter(isResult)).toHaveLength(2)
})

test.concurrent('a session that says `idle` has all of its turn in the log', async ({ world }) => {
  const { session } = await talk(world, [blocks('burst', 100, 50_000)])
  await session.prompt('burst')
  // As often as can be, so as to meet the moment.
  for (;;) {
    const { status, queuedPrompts, lastSeq } = await session.info()
    if (status !== 'idle' || queuedPrompts > 0) continue
    const { events } = await session.page(`?after=${lastSeq - 1}`)
    expect(events).toMatchObject([{ type: 'status', status: 'idle', seq: lastSeq }])
    return
  }
})

test.concurrent('a client that asks for a sign of life gets a `heartbeat` at once, and every 15 s one unasked', async ({
  world,
}) => {
  const { session } = await talk(world)
  const [listener, stream] = [session.listen(), session.stream()]
  await Promise.all([listener.caughtUp(), stream.caughtUp()])
  listener.send({ type: 'heartbeat' })
  await listener.next(({ type }) => type === 'heartbeat', 2000)
  const isUnasked = listener.next(({ type }) => type === 'heartbeat', 20_000)
  await Promise.all([isUnasked, until('a comment comes', () => stream.comments.length > 0, 20_000)])
})

test.concurrent('on a server with a token nobody hears of a session before the `auth` frame', async ({
  world,
}) => {
  const token = 'a-token-of-these-tests'
  const { server, session } = await talk(world, [], { token })
  await session.prompt('hello')
  await session.idle()
  const url = `${server.url.replace(/^http/, 'ws')}/sessions/${session.id}/ws`
  const listen = (address = url): Listener => {
    const listener = new Listener(address)
    world.defer(() => listener.terminate())
    return listener
  }
  const client = listen(`${url}?after=1`)
  await client.open()
  await pause(300)
  expect(client.frames).toEqual([])
  client.send({ type: 'auth', token })
  const end = await client.caughtUp()
  expect(numbersOf(client.frames)).toEqual(range(2, end))
  expect(await client.prompt('and now?')).toMatchObject({ type: 'reply' })

  for (const [address, frame] of [
    [url, { type: 'auth', token: 'wrong' }],
    [url, { type: 'heartbeat' }],
    [url.replace(session.id, 'none-such'), { type: 'auth', token: 'wrong' }],
  ] as const) {
    const stranger = listen(address)
    await stranger.open()
    stranger.send(frame)
    expect((await stranger.closed).code).toBe(4401)
    expect(stranger.frames).toMatchObject([{ type: 'error', code: 'unauthorized' }])
  }
  for (const path of ['', `/${session.id}`, `/${session.id}/events`, '/none-such']) {
    expect((await ask(`${server.url}/sessions${path}`)).status, path).toBe(401)
  }
})

test.concurrent('a session that is not there is answered with 404 and 4404, one that was deleted with 410 and 4404, for ever', async ({
  world,
}) => {
  const made = await talk(world)
  const { session } = made
  await session.prompt('hello')
  await session.idle()
  const [listener, stream] = [session.listen(), session.stream()]
  await Promise.all([listener.caughtUp(), stream.caughtUp()])
  expect((await session.request('', { method: 'DELETE' })).status).toBe(204)
  expect((await listener.closed).code).toBe(4404)
  expect(listener.frames.at(-1)).toMatchObject({ type: 'error', code: 'session_deleted' })
  await stream.ended

  const after = await restart(world, made)
  for (const [id, status, code] of [
    [session.id, 410, 'session_deleted'],
    ['none-such', 404, 'session_not_found'],
  ] as const) {
    const { url } = after.server
    for (const [method, path, body] of [
      ['GET', ''],
      ['GET', '/events'],
      ['POST', '/interrupt'],
      ['POST', '/messages', { data: { type: 'user', message: { role: 'user', content: 'hello' } } }],
      ['PATCH', '', { title: 'new' }],
      ['DELETE', ''],
    ] as const) {
      const answer = await ask(`${url}/sessions/${id}${path}`, { method, body })
      expect(answer, `${method} ${id}${path}`).toMatchObject({ status, json: { code } })
    }
    const events = `${url}/sessions/${id}/events`
    expect(await ask(events, { headers: { accept: 'text/event-stream' } })).toMatchObject({ status })
    const socket = new Listener(`${url.replace('http', 'ws')}/sessions/${id}/ws`)
    expect((await socket.closed).code).toBe(4404)
    expect(socket.frames).toMatchObject([{ type: 'error', code }])
  }
  const again = await ask(`${after.server.url}/sessions`, { method: 'POST', body: { id: session.id } })
  expect(again).toMatchObject({ status: 410 })
})

test.concurrent('a server that stops closes its readers with 1012, and they go on where they were when it is back', async ({
  world,
}) => {
  const before = await talk(world, [blocks('lecture', 2000, 0, 100)])
  const [listener, stream] = [before.session.listen(), before.session.stream()]
  await listener.prompt('lecture')
  await Promise.all([listener, stream].map((reader) => reader.next(({ data }) => data?.type === 'assistant')))
  await until('the model speaks', () => turnsOf(before.claude).length > 0)
  const after = await restart(world, before, { signal: 'SIGTERM' })
  expect(await listener.closed).toEqual({ code: 1012, reason: 'restarting' })
  await stream.ended
  const { lastSeq } = await after.session.idle()
  const { log } = await after.session.info()
  const socketAgain = after.session.listen(`?after=${log}:${numbersOf(listener.frames).at(-1)}`)
  const streamAgain = after.session.stream('', stream.lastEventId)
  for (const [first, second] of [
    [listener, socketAgain],
    [stream, streamAgain],
  ] as const) {
    await second.caughtUp()
    const numbers = numbersOf([...first.frames, ...second.frames])
    expect(numbers.slice(0, lastSeq)).toEqual(range(1, lastSeq))
    expect(second.frames.some(({ type }) => type === 'gap')).toBe(false)
  }
})
