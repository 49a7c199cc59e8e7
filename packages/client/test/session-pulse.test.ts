import { afterEach, expect, test, vi } from 'vitest'
import type { Session } from '../src/index.ts'
import { Pulse } from '../src/pulse.ts'
import type { Limits } from '../src/session/limits.ts'
import { startPeer, until } from './peer.ts'
import { openSession, startSessionPeer, text, type SessionPeer } from './session-peer.ts'

/** Every limit a hundredth of what it is in the product, but for the tests that say otherwise. */
const short: Partial<Limits> = { silenceMs: 100, answerMs: 50, wakeMs: 30 }

/** A platform that tells of the network and of the page, as a browser does. */
function pretendPage() {
  const target = new EventTarget()
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const navigator = { onLine: true }
  const stub = (name: string): void => void vi.stubGlobal(name, Reflect.get(target, name).bind(target))
  stub('addEventListener')
  stub('removeEventListener')
  vi.stubGlobal('document', document)
  vi.stubGlobal('navigator', navigator)
  const tell = (type: string): void => void target.dispatchEvent(new Event(type))
  return { document, navigator, tell }
}

afterEach(() => vi.unstubAllGlobals())

/** A session with a handler, connected. */
async function listen(
  peer: SessionPeer,
  limits: Partial<Limits>,
): Promise<{ session: Session; heard: string[] }> {
  const session = openSession(peer, limits)
  const heard: string[] = []
  session.on('info', ({ data }) => heard.push(data))
  await until(() => session.state.status === 'connected')
  return { session, heard }
}

const beats = (peer: SessionPeer): number =>
  peer.frames.filter((frame) => (frame as { type: string }).type === 'heartbeat').length

test('a line on which nothing comes any more is dropped and made anew, and nothing is missed', async () => {
  const peer = await startSessionPeer()
  const { heard } = await listen(peer, short)
  peer.mute()
  peer.append(text('said into the void'))
  await until(() => heard.length === 1)
  expect(peer.upgrades).toBe(2)
})

test('a silent line that answers heartbeats is kept', async () => {
  const peer = await startSessionPeer()
  await listen(peer, { ...short, answerMs: 5_000 })
  await until(() => beats(peer) >= 3)
  expect(peer.upgrades).toBe(1)
})

test('events, and pings where they are shown, are signs of life: nothing is asked', async () => {
  const peer = await startSessionPeer()
  await listen(peer, { ...short, silenceMs: 1_000 })
  for (let n = 0; n < 15; n += 1) {
    if (n % 2 === 0) peer.append(text(n))
    else peer.sockets[0]?.ping()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(beats(peer)).toBe(0)
})

test('a line that dies of silence again gets twice the time, so that one large frame comes through', async () => {
  const frame = JSON.stringify({ seq: 1, at: 1, ...text('x'.repeat(1_000)) })
  const peer = await startPeer({
    onSocket(socket) {
      const session = { asks: [] }
      socket.send(JSON.stringify({ type: 'connected', session, log: 'l', lastSeq: 0 }))
      // On a slow line a frame is on its way for longer than a line may be silent.
      setTimeout(() => socket.send(frame), 600)
    },
  })
  const events = openSession(peer, short).events()
  expect((await events.next()).value).toMatchObject({ seq: 1 })
  expect(peer.upgrades).toBeGreaterThan(1)
  await events.return()
})

test('after sleep, which a late timer tells of, the line has to prove itself at once', async () => {
  const peer = await startSessionPeer()
  let slept = 0
  const limits: Partial<Limits> = {
    silenceMs: 500,
    answerMs: 60_000,
    wakeMs: 50,
    now: () => Date.now() + slept,
  }
  const { heard } = await listen(peer, limits)
  peer.mute()
  peer.append(text(1))
  slept = 3_600_000
  await until(() => heard.length === 1)
  expect(peer.upgrades).toBe(2)
})

test('after sleep a line that is alive is kept', async () => {
  const peer = await startSessionPeer()
  let slept = 0
  const { heard } = await listen(peer, { silenceMs: 500, wakeMs: 5_000, now: () => Date.now() + slept })
  slept = 3_600_000
  await until(() => beats(peer) === 1)
  peer.append(text(1))
  await until(() => heard.length === 1)
  expect(peer.upgrades).toBe(1)
})

test('a deadline that has slept too asks once more before the line counts as dead', () => {
  vi.useFakeTimers()
  try {
    let time = 0
    const beat = vi.fn<() => void>()
    const onDead = vi.fn<() => void>()
    const limits = { silenceMs: 10_000, answerMs: 5_000, wakeMs: 3_000, lateMs: 5_000, now: () => time }
    const pulse = new Pulse({ limits, beat, onDead })
    const pass = (ms: number): void => {
      time += ms
      vi.advanceTimersByTime(ms)
    }
    pulse.start()
    for (let n = 0; n < 7; n += 1) pass(2_000)
    expect(beat).toHaveBeenCalledTimes(1)
    time += 60_000
    pass(1_000)
    expect(beat).toHaveBeenCalledTimes(2)
    expect(onDead).not.toHaveBeenCalled()
    for (let n = 0; n < 5; n += 1) pass(1_000)
    expect(onDead).toHaveBeenCalledTimes(1)
    pulse.stop()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('a dead line is noticed 15 s after its last sign of life, and 3 s after waking', () => {
  vi.useFakeTimers()
  try {
    const onDead = vi.fn<() => void>()
    const limits = { silenceMs: 10_000, answerMs: 5_000, wakeMs: 3_000, lateMs: 5_000, now: () => Date.now() }
    const pulse = new Pulse({ limits, beat: () => {}, onDead })
    pulse.start()
    vi.advanceTimersByTime(14_999)
    expect(onDead).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(onDead).toHaveBeenCalledTimes(1)
    const other = new Pulse({ limits, beat: () => {}, onDead })
    other.start()
    other.probe()
    vi.advanceTimersByTime(3_000)
    expect(onDead).toHaveBeenCalledTimes(2)
    pulse.stop()
    other.stop()
  } finally {
    vi.useRealTimers()
  }
})

test.each(['online', 'pageshow', 'visibilitychange'])(
  'on %s a connected line has to prove itself',
  async (type) => {
    const page = pretendPage()
    const peer = await startSessionPeer()
    const { heard } = await listen(peer, { wakeMs: 30 })
    peer.mute()
    peer.append(text(1))
    if (type === 'visibilitychange') page.document.dispatchEvent(new Event(type))
    else page.tell(type)
    await until(() => heard.length === 1)
  },
)

test('a page that is hidden asks nothing', async () => {
  const page = pretendPage()
  const peer = await startSessionPeer()
  await listen(peer, {})
  page.document.visibilityState = 'hidden'
  page.document.dispatchEvent(new Event('visibilitychange'))
  page.document.visibilityState = 'visible'
  page.document.dispatchEvent(new Event('visibilitychange'))
  await until(() => beats(peer) === 1)
})

test('without a network a lost line waits for it instead of trying, and is there at once when it is back', async () => {
  const page = pretendPage()
  const peer = await startSessionPeer()
  // A name that is not of this machine's own loopback, as far as the client can tell.
  const elsewhere = { ...peer, url: `http://0.0.0.0:${peer.port}` }
  const { session, heard } = await listen(elsewhere, {})
  page.navigator.onLine = false
  page.tell('offline')
  peer.drop()
  await until(() => session.state.status === 'reconnecting')
  expect(session.state.retryInMs).toBe(60_000)
  page.tell('pageshow')
  expect(session.state.retryInMs).toBe(60_000)
  page.navigator.onLine = true
  page.tell('online')
  peer.append(text(1))
  await until(() => heard.length === 1)
  expect(peer.upgrades).toBe(2)
})

test('a server on this machine needs no network', async () => {
  const page = pretendPage()
  const peer = await startSessionPeer()
  const { session } = await listen(peer, {})
  page.navigator.onLine = false
  peer.drop()
  await until(() => peer.upgrades === 2 && session.state.status === 'connected')
})

test('online ends the wait for the next attempt', async () => {
  const page = pretendPage()
  const peer = await startSessionPeer()
  const { session } = await listen(peer, {})
  peer.sockets[0]?.send('{"type":"error","error":"Later.","code":"server_stopping","retryAfterMs":60000}')
  peer.sockets[0]?.close(1012)
  await until(() => session.state.retryInMs === 60_000)
  page.tell('online')
  await until(() => session.state.status === 'connected')
})

test('a session that nobody listens to leaves no listener with the platform', async () => {
  const added: string[] = []
  vi.stubGlobal('addEventListener', (type: string) => added.push(type))
  vi.stubGlobal('removeEventListener', (type: string) => added.splice(added.indexOf(type), 1))
  const peer = await startSessionPeer()
  const { session } = await listen(peer, {})
  expect(added).toEqual(['online', 'offline', 'pageshow'])
  await session.close()
  expect(added).toEqual([])
})
