import { afterEach, expect, test, vi } from 'vitest'
import type { Ask, ConnectionState } from '../src/index.ts'
import { until } from './peer.ts'
import { openSession, startSessionPeer, text } from './session-peer.ts'

afterEach(() => vi.restoreAllMocks())

const ask = (id: string) =>
  ({
    type: 'ask',
    ask: id,
    kind: 'can_use_tool',
    data: { toolName: 'Bash', input: {}, toolUseID: id },
  }) as const

test('the first handler opens the line, the last one that goes closes it', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const offState = session.on('state', () => {})
  expect(session.state.status).toBe('closed')
  const offs = [session.on('info', () => {}), session.on('status', () => {})]
  await until(() => session.state.status === 'connected')
  offs[0]?.()
  offs[0]?.()
  expect(session.state.status).toBe('connected')
  offs[1]?.()
  expect(session.state.status).toBe('closed')
  await until(() => peer.sockets.length === 0)
  offState()
  expect(peer.upgrades).toBe(1)
})

test('handlers get what happens from their registration on, of their type, each once, through drops', async () => {
  const peer = await startSessionPeer()
  peer.append(text('before'))
  const session = openSession(peer)
  const heard: string[] = []
  session.on('info', ({ data }) => heard.push(data))
  await until(() => session.state.status === 'connected')
  peer.append(text('a'), { type: 'status', status: 'running' })
  await until(() => heard.length === 1)
  peer.drop()
  peer.append(text('b'))
  await until(() => heard.length === 2)
  const late: string[] = []
  session.on('info', ({ data }) => late.push(data))
  peer.append(text('c'))
  await until(() => late.length === 1)
  expect({ heard, late }).toEqual({ heard: ['a', 'b', 'c'], late: ['c'] })
  expect(session.cursor).toEqual({ log: 'log1', seq: 5 })
})

test('an ask handler gets the asks that are open when it comes, and each that comes, once', async () => {
  const peer = await startSessionPeer()
  peer.append(ask('settled'), ask('open'))
  peer.asks.shift()
  const session = openSession(peer)
  const first: string[] = []
  const second: Ask[] = []
  session.on('ask', ({ ask }) => first.push(ask))
  await until(() => first.length === 1)
  peer.append(ask('new'))
  await until(() => first.length === 2)
  session.on('ask', (event) => second.push(event))
  await until(() => second.length === 2)
  peer.drop()
  peer.append(ask('newer'))
  await until(() => second.length === 3)
  expect(first).toEqual(['open', 'new', 'newer'])
  expect(second.map(({ ask }) => ask)).toEqual(first)
  expect(second[0]).toEqual({ ...ask('open'), seq: 2, at: 1 })
  await session.answer('newer', { behavior: 'allow' })
  const third: string[] = []
  session.on('ask', (event) => third.push(event.ask))
  await until(() => third.length === 2)
  expect(third).toEqual(['open', 'new'])
})

test('a handler beside an iterator that reads the past hears nothing of the past', async () => {
  const peer = await startSessionPeer()
  for (let n = 1; n <= 50; n += 1) peer.append(text(n))
  const session = openSession(peer)
  const events = session.events()
  const heard: string[] = []
  session.on('info', ({ data }) => heard.push(data))
  for await (const event of events) {
    if (event.type === 'caught_up') peer.append(text('live'))
    if ('at' in event && event.seq === 51) break
  }
  await until(() => heard.length > 0)
  expect(heard).toEqual(['live'])
})

test('a handler that throws or rejects is reported and harms nobody', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {})
  const peer = await startSessionPeer()
  peer.append(ask('open'))
  const session = openSession(peer)
  const heard: number[] = []
  const fail = (): never => {
    throw new Error('thrown in a handler')
  }
  session.on('info', fail)
  session.on('info', () => Promise.reject(new Error('rejected in a handler')))
  const off = session.on('state', fail)
  session.on('info', ({ seq }) => heard.push(seq))
  await until(() => session.state.status === 'connected')
  session.on('ask', fail)
  peer.append(text(1))
  await until(() => heard.length === 1)
  expect(session.state.status).toBe('connected')
  off()
  const reports = report.mock.calls.map((call) => call.join(' '))
  expect(reports.filter((each) => each.includes("handler of 'info'"))).toHaveLength(2)
  expect(reports.some((each) => each.includes("handler of 'ask'"))).toBe(true)
})

test('the states tell how a line comes back: when the next attempt is, and why', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const states: ConnectionState[] = []
  session.on('state', (state) => states.push(state))
  session.on('info', () => {})
  await until(() => session.state.status === 'connected')
  peer.drop()
  await until(() => states.length === 5)
  expect(states).toMatchObject([
    { status: 'connecting' },
    { status: 'connected' },
    { status: 'reconnecting', retryInMs: expect.any(Number), error: { code: 'connect_failed' } },
    { status: 'reconnecting', error: { code: 'connect_failed' } },
    { status: 'connected' },
  ])
})

test('a server that is not there yet is waited for, from the first attempt on', async () => {
  const away = await startSessionPeer()
  await away.close()
  const session = openSession(away)
  const heard: string[] = []
  session.on('info', ({ data }) => heard.push(data))
  await until(() => session.state.status === 'reconnecting')
  const back = await startSessionPeer({ port: away.port })
  await until(() => session.state.status === 'connected')
  back.append(text('hello'))
  await until(() => heard.length === 1)
})

test('1012 and 4499 are come back from within a moment', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const states: ConnectionState[] = []
  session.on('state', (state) => states.push(state))
  session.on('info', () => {})
  for (const [code, name] of [
    [1012, 'server_stopping'],
    [4499, 'lagged'],
  ] as const) {
    await until(() => session.state.status === 'connected')
    peer.sockets[0]?.close(code)
    await until(() => session.state.status === 'reconnecting')
    const { error, retryInMs } = states.findLast((state) => state.retryInMs !== undefined) ?? {}
    expect(error).toMatchObject({ code: name })
    expect(retryInMs).toBeLessThanOrEqual(500)
  }
})

test('after close the session can be listened to again', async () => {
  const peer = await startSessionPeer()
  const session = openSession(peer)
  const heard: string[] = []
  session.on('info', () => heard.push('before'))
  await until(() => session.state.status === 'connected')
  await session.close()
  await session.close()
  session.on('info', () => heard.push('after'))
  await until(() => session.state.status === 'connected')
  peer.append(text(1))
  await until(() => heard.length > 0)
  expect(heard).toEqual(['after'])
})
