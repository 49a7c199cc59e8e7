import { setMaxListeners } from 'node:events'
import { AgentServerError, type AskData, type LoggedEvent, type NewEvent } from '@claude-agent/protocol'
import { describe, expect, test, vi, afterEach, beforeEach } from 'vitest'
import { AskingAgent } from '../../src/session/asking-agent.ts'
import { Asks } from '../../src/session/asks.ts'
import { SessionState } from '../../src/session/state.ts'
import { numbered } from './events.ts'

const tool: AskData = { toolName: 'Write', input: {}, toolUseID: 'tool' }
const question: AskData = { toolName: 'AskUserQuestion', input: { questions: [] }, toolUseID: 'q' }
const allow = { result: { behavior: 'allow' } }
const choose = { result: { behavior: 'allow', updatedInput: { answers: { a: 'b' } } } }
const full = new AgentServerError({ code: 'storage_full', message: 'full' })

interface Table {
  asks: Asks
  agent: AskingAgent
  events: NewEvent[]
  /** What offers wait for before they are written. */
  writing: { until: Promise<unknown> }
  goneOn: { times: number }
  isAlive: { now: boolean }
}

/** Asks over a state that hears of everything that is written. */
function createAsks(timeoutMs = 0): Table {
  const state = new SessionState()
  const events: NewEvent[] = []
  const writing = { until: Promise.resolve() as Promise<unknown> }
  const goneOn = { times: 0 }
  const isAlive = { now: true }
  const write = (event: NewEvent): LoggedEvent => {
    events.push(event)
    const [logged] = numbered([event], events.length) as [LoggedEvent]
    state.apply(logged)
    return logged
  }
  const asks = new Asks({
    publish: write,
    offer: async (event) => {
      await writing.until
      return write(event)
    },
    settled: (ask) => state.settled(ask),
    timeoutMs: () => timeoutMs,
    onDeferredSettled: () => (goneOn.times += 1),
    onChange: () => {},
  })
  return {
    asks,
    events,
    writing,
    goneOn,
    isAlive,
    agent: new AskingAgent(
      state,
      asks,
      () => isAlive.now,
      async () => {},
    ),
  }
}

const never = new AbortController().signal
setMaxListeners(0, never)
const settlements = (events: readonly NewEvent[]): NewEvent[] =>
  events.filter(({ type }) => type === 'ask_settled')

describe('an ask', () => {
  test('is told to everybody, and its agent hears of the answer once that is written', async () => {
    const { asks, events, writing } = createAsks()
    let write = (): void => {}
    writing.until = new Promise<void>((go) => (write = go))
    const heard = vi.fn()
    void asks.open('a', 'can_use_tool', tool, never).then(heard)
    expect(events).toEqual([{ type: 'ask', ask: 'a', kind: 'can_use_tool', data: tool }])
    expect([asks.size, asks.needProcess, asks.deferred]).toEqual([1, true, undefined])
    const answered = asks.answer('a', allow, 'ada')
    await Promise.resolve()
    expect(heard).not.toHaveBeenCalled()
    write()
    expect(await answered).toEqual({ ask: 'a', outcome: 'answered', by: 'ada', seq: 2 })
    await Promise.resolve()
    expect(heard).toHaveBeenCalledExactlyOnceWith({ behavior: 'allow', updatedInput: {} })
    expect(asks.size).toBe(0)
  })

  test('is settled by the first of several answers; the others are told by whom', async () => {
    const { asks, events } = createAsks()
    void asks.open('a', 'can_use_tool', tool, never)
    const others = ['bob', 'cleo']
    const all = await Promise.allSettled(['ada', ...others].map((by) => asks.answer('a', allow, by)))
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    for (const by of others)
      await expect(asks.answer('a', allow, by)).rejects.toMatchObject({
        code: 'already_settled',
        message: expect.stringContaining('by ada') as string,
      })
    expect(settlements(events)).toHaveLength(1)
  })

  test('is acknowledged again to whoever answers the same again, not hearing that he was heard', async () => {
    const { asks, events } = createAsks()
    void asks.open('a', 'can_use_tool', tool, never)
    const first = await asks.answer('a', allow, 'ada')
    expect(await asks.answer('a', allow, 'ada')).toEqual(first)
    const other = { result: { behavior: 'deny', message: 'no' } }
    await expect(asks.answer('a', other, 'ada')).rejects.toMatchObject({ code: 'already_settled' })
    expect(settlements(events)).toHaveLength(1)
  })

  test('stays open when its answer cannot be written, and the next one counts', async () => {
    const { asks, writing } = createAsks()
    void asks.open('a', 'can_use_tool', tool, never)
    writing.until = Promise.reject(full)
    const [one, two] = await Promise.allSettled([
      asks.answer('a', allow, 'ada'),
      asks.answer('a', allow, 'bob'),
    ])
    expect([one.status, two.status]).toEqual(['rejected', 'rejected'])
    expect(asks.size).toBe(1)
    writing.until = Promise.resolve()
    expect(await asks.answer('a', allow, 'bob')).toMatchObject({ by: 'bob' })
  })

  test('whose agent has died while its answer could not be written is lost, not open for ever', async () => {
    const { asks, events, writing } = createAsks()
    void asks.open('a', 'can_use_tool', tool, never)
    let fail = (_error: Error): void => {}
    writing.until = new Promise((_go, refuse) => (fail = refuse))
    const answered = asks.answer('a', allow, 'ada')
    asks.lose()
    fail(full)
    await expect(answered).rejects.toMatchObject({ code: 'storage_full' })
    expect(asks.size).toBe(0)
    expect(settlements(events)).toMatchObject([{ outcome: 'lost' }])
  })

  test('that was to be cancelled while its answer could not be written is cancelled, not left to the next answer', async () => {
    const { asks, events, writing, goneOn } = createAsks()
    asks.defer('q', question)
    let fail = (_error: Error): void => {}
    writing.until = new Promise((_go, refuse) => (fail = refuse))
    const answered = asks.answer('q', choose, 'ada')
    asks.cancelDeferred()
    expect(asks.size).toBe(0)
    fail(full)
    await expect(answered).rejects.toMatchObject({ code: 'storage_full' })
    expect([asks.size, goneOn.times]).toEqual([0, 1])
    expect(settlements(events)).toMatchObject([{ outcome: 'cancelled', result: { interrupt: true } }])
  })

  test('is declined at once when a hundred are open, and the hundred stay', async () => {
    const { asks, events } = createAsks()
    for (let i = 0; i < 100; i += 1)
      void asks.open(`${i}`, 'can_use_tool', tool, new AbortController().signal)
    expect(await asks.open('more', 'can_use_tool', tool, never)).toMatchObject({ behavior: 'deny' })
    expect([asks.size, events.length]).toEqual([100, 100])
    await asks.answer('0', allow, 'ada')
    void asks.open('more', 'can_use_tool', tool, never)
    expect(asks.size).toBe(100)
  })

  test('stays open when it is answered with what is no answer', async () => {
    const { asks } = createAsks()
    void asks.open('a', 'can_use_tool', tool, never)
    await expect(asks.answer('a', { result: {} }, 'ada')).rejects.toMatchObject({ code: 'invalid_answer' })
    await expect(asks.answer('b', allow, 'ada')).rejects.toMatchObject({ code: 'ask_not_found' })
    expect(asks.size).toBe(1)
  })

  test('is cancelled when the agent takes it back, also before it was asked', async () => {
    const { asks, events } = createAsks()
    const abort = new AbortController()
    void asks.open('a', 'elicitation', { serverName: 's', message: 'm' }, abort.signal)
    abort.abort()
    void asks.open('b', 'can_use_tool', tool, AbortSignal.abort())
    expect(settlements(events)).toMatchObject([
      { ask: 'a', outcome: 'cancelled' },
      { ask: 'b', outcome: 'cancelled' },
    ])
    await expect(asks.answer('a', allow, 'ada')).rejects.toMatchObject({ code: 'already_settled' })
  })

  test('is lost with its agent, but for a question that needs none', async () => {
    const { asks, events } = createAsks()
    void asks.open('a', 'can_use_tool', tool, never)
    asks.defer('q', question)
    asks.lose()
    expect(settlements(events)).toEqual([{ type: 'ask_settled', ask: 'a', outcome: 'lost' }])
    expect([asks.size, asks.needProcess, asks.deferred]).toEqual([1, false, 'q'])
    await expect(asks.answer('a', allow, 'ada')).rejects.toMatchObject({
      message: expect.stringContaining('lost') as string,
    })
  })
})

describe('an ask with a timeout', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  test('is declined after it, in the words of its kind, and not before', async () => {
    const { asks, events } = createAsks(1000)
    const heard = vi.fn()
    void asks.open('a', 'can_use_tool', tool, never).then(heard)
    void asks.open('b', 'elicitation', { serverName: 's', message: 'm' }, never).then(heard)
    await vi.advanceTimersByTimeAsync(999)
    expect(settlements(events)).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(settlements(events)).toMatchObject([{ outcome: 'timed_out' }, { outcome: 'timed_out' }])
    expect(heard.mock.calls).toEqual([
      [{ behavior: 'deny', message: 'Nobody answered within 1000 ms.' }],
      [{ action: 'decline' }],
    ])
  })

  test('that was answered in time is not settled again', async () => {
    const { asks, events } = createAsks(1000)
    void asks.open('a', 'can_use_tool', tool, never)
    await asks.answer('a', allow, 'ada')
    asks.defer('q', question)
    asks.clear()
    await vi.advanceTimersByTimeAsync(2000)
    expect(settlements(events)).toHaveLength(1)
  })
})

describe('a question', () => {
  test('that is settled, whichever way, lets its turn go on', async () => {
    const { asks, goneOn } = createAsks()
    asks.defer('q', question)
    await asks.answer('q', choose, 'ada')
    expect(goneOn.times).toBe(1)
    asks.restore({ ask: 'q2', kind: 'can_use_tool', data: question })
    asks.cancelDeferred()
    asks.cancelDeferred()
    expect(goneOn.times).toBe(2)
  })

  test('is deferred, further ones of its turn must wait, and those of the next turn need not', async () => {
    const { agent } = createAsks()
    const decisions = await Promise.all(['q', 'q2', 'q'].map((id) => agent.onQuestion(id)))
    expect(decisions).toEqual(['defer', 'refuse', 'defer'])
    agent.endTurn()
    expect(await agent.onQuestion('q2')).toBe('defer')
  })

  test('that was answered is passed on, and the agent is told the answer at once', async () => {
    const { asks, agent } = createAsks()
    asks.defer('q', question)
    await asks.answer('q', choose, 'ada')
    expect(await agent.onQuestion('q')).toBe('pass')
    const told = await agent.ask('can_use_tool', question, never)
    expect(told).toMatchObject({ behavior: 'allow', updatedInput: { answers: { a: 'b' } } })
  })

  test('that was closed ends the turn when the agent asks again', async () => {
    const { asks, agent } = createAsks()
    asks.defer('q', question)
    asks.cancelDeferred()
    expect(await agent.ask('can_use_tool', question, never)).toMatchObject({
      behavior: 'deny',
      interrupt: true,
    })
  })
})

describe('an agent that takes back what it asked', () => {
  test('cancels it while it lives, and leaves it to be lost when it dies', async () => {
    const { asks, agent, events, isAlive } = createAsks()
    const [one, two] = [new AbortController(), new AbortController()]
    void agent.ask('can_use_tool', tool, one.signal)
    one.abort()
    await vi.waitFor(() => expect(settlements(events)).toMatchObject([{ ask: 'tool', outcome: 'cancelled' }]))
    void agent.ask('can_use_tool', { ...tool, toolUseID: 'other' }, two.signal)
    isAlive.now = false
    two.abort()
    await new Promise((go) => setTimeout(go, 150))
    expect(asks.size).toBe(1)
    asks.lose()
    expect(settlements(events).at(-1)).toMatchObject({ ask: 'other', outcome: 'lost' })
  })
})
