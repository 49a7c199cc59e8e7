import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { HookAsk } from '../../../src/agent/callbacks/callbacks.ts'
import { CallbacksWorld, server, TestPort } from './world.ts'

const mcpServers = { my: server() }
const ANSWER = { result: { result: { content: [] } } }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

async function worldWith(ownerTimeoutMs?: number): Promise<{ world: CallbacksWorld; port: TestPort }> {
  const world = new CallbacksWorld()
  const hooks = { PreToolUse: [{ callbacks: ['a'] }] }
  const port = await world.register({
    mcpServers,
    hooks,
    ...(ownerTimeoutMs === undefined ? {} : { ownerTimeoutMs }),
  })
  return { world, port }
}

describe('an ask for a client', () => {
  test('goes to its socket alone, and the agent has the answer', async () => {
    const { world, port } = await worldWith()
    const stranger = await world.register({ client: 'bob', hooks: { Stop: [{ callbacks: ['a'] }] } })
    const reply = world.call()
    const data = { server: 'my', method: 'tools/call', params: { name: 'tell' } }
    expect(port.asks).toEqual([
      { type: 'ask', ask: expect.any(String) as string, client: 'ada', kind: 'mcp', data },
    ])
    expect(stranger.frames).toEqual([])
    const { ask } = port.asks[0]!
    expect(world.callbacks.answer(ask, ANSWER, 'ada', port)).toEqual({ ask, outcome: 'answered', by: 'ada' })
    expect(await reply).toEqual(ANSWER.result)
    expect(world.events).toHaveLength(2)
  })

  test('is answered by nobody else, whatever its name, and not over HTTP', async () => {
    const { world, port } = await worldWith()
    const stranger = await world.register({ client: 'bob', hooks: { Stop: [{ callbacks: ['a'] }] } })
    const reply = world.call()
    const { ask } = port.asks[0]!
    for (const other of [stranger, new TestPort(), undefined])
      expect(() => world.callbacks.answer(ask, ANSWER, 'ada', other)).toThrow(
        expect.objectContaining({ code: 'not_owner' }),
      )
    world.callbacks.answer(ask, ANSWER, 'ada', port)
    expect(await reply).toEqual(ANSWER.result)
  })

  test('takes one answer; the same again is acknowledged, another is not', async () => {
    const { world, port } = await worldWith()
    void world.call()
    const { ask } = port.asks[0]!
    for (const times of [1, 2])
      expect(world.callbacks.answer(ask, ANSWER, 'ada', port), String(times)).toMatchObject({ ask })
    expect(() => world.callbacks.answer(ask, { error: 'no' }, 'ada', port)).toThrow(
      expect.objectContaining({ code: 'already_settled' }),
    )
  })

  test.each([
    {},
    { result: 'text' },
    { error: {} },
    { error: { code: 'x', message: 'y' } },
    { result: {}, error: {} },
  ])('that is no reply of MCP is refused, and the ask stays open: %j', async (result) => {
    const { world, port } = await worldWith()
    const reply = world.call()
    const { ask } = port.asks[0]!
    expect(() => world.callbacks.answer(ask, { result }, 'ada', port)).toThrow(
      expect.objectContaining({ code: 'invalid_answer' }),
    )
    world.callbacks.answer(ask, { error: 'out of order' }, 'ada', port)
    expect(await reply).toEqual({ error: { code: -32603, message: 'out of order' } })
  })

  test('is sent again to the socket on which its client comes back, after the reply that lists it', async () => {
    const { world, port } = await worldWith()
    const reply = world.call()
    const { ask } = port.asks[0]!
    world.callbacks.leave(port)
    const next = new TestPort()
    const order: string[] = []
    next.say = (frame) => void order.push(frame.type)
    await world.callbacks.register(
      {
        type: 'register',
        client: 'ada',
        secret: 'a secret of sixteen',
        ...world.registrations.of('ada')!.registration,
      },
      next,
      ({ asks }) => void order.push(`reply ${asks.includes(ask)}`),
    )
    expect(order).toEqual(['reply true', 'ask'])
    world.callbacks.answer(ask, ANSWER, 'ada', next)
    expect(await reply).toEqual(ANSWER.result)
  })

  test('goes to the later of two sockets of its client, and to the other when that is gone', async () => {
    const { world, port } = await worldWith()
    const later = await world.register({ ...world.registrations.of('ada')!.registration })
    void world.call()
    expect([port.asks.length, later.asks.length]).toEqual([0, 1])
    world.callbacks.leave(later)
    expect(port.asks).toEqual(later.asks)
  })

  test('is taken back by the agent, and its client is told', async () => {
    const { world, port } = await worldWith()
    const abort = new AbortController()
    const reply = world.call(abort.signal)
    abort.abort()
    expect(port.cancelled).toEqual([port.asks[0]!.ask])
    expect(await reply).toMatchObject({ error: { message: expect.stringContaining('cancelled') as string } })
    expect(await world.call(abort.signal)).toMatchObject({ error: {} })
    expect(port.asks).toHaveLength(1)
  })

  test('ends with the agent that asked', async () => {
    const { world, port } = await worldWith()
    const reply = world.call()
    world.callbacks.clear()
    expect(port.cancelled).toHaveLength(1)
    expect(await reply).toMatchObject({ error: {} })
    expect(world.callbacks.isIdle).toBe(true)
  })

  test('is one of 100 at most', async () => {
    const { world, port } = await worldWith()
    for (let count = 0; count < 100; count += 1) void world.call()
    expect(await world.call()).toMatchObject({
      error: { message: expect.stringContaining('too many') as string },
    })
    expect(port.asks).toHaveLength(100)
  })
})

describe('a client that is away', () => {
  test('is waited for 5 minutes from when it went, anew for each absence', async () => {
    const { world, port } = await worldWith()
    world.callbacks.leave(port)
    vi.advanceTimersByTime(299_000)
    const reply = world.call()
    const back = await world.register({ ...world.registrations.of('ada')!.registration })
    expect(back.asks).toHaveLength(1)
    world.callbacks.leave(back)
    vi.advanceTimersByTime(299_000)
    expect(world.callbacks.isIdle).toBe(false)
    vi.advanceTimersByTime(1_000)
    expect(await reply).toMatchObject({
      error: { message: expect.stringContaining('not connected') as string },
    })
    expect(await world.call()).toMatchObject({ error: {} })
  })

  test('is waited for as long as it said, and not at all with 0', async () => {
    const { world, port } = await worldWith(1000)
    world.callbacks.leave(port)
    const reply = world.call()
    vi.advanceTimersByTime(1000)
    expect(await reply).toMatchObject({ error: {} })
    const none = await worldWith(0)
    none.world.callbacks.leave(none.port)
    vi.advanceTimersByTime(0)
    expect(await none.world.call()).toMatchObject({ error: {} })
  })

  test('that serves no more is not waited for: its tools fail, its hooks are as if they were not there', async () => {
    const { world, port } = await worldWith()
    const reply = world.call()
    const hook = world.callbacks.runHook(world.ownerOf(), PRE_TOOL_USE, new AbortController().signal)
    await world.register({}, port)
    expect(await reply).toMatchObject({ error: { message: expect.stringContaining('no more') as string } })
    expect(await hook).toEqual({})
  })
})

const PRE_TOOL_USE: HookAsk = {
  data: { event: 'PreToolUse', callback: 'a', input: {} as never },
  timeoutMs: 600_000,
  whenAway: 'closed',
}

describe('a hook', () => {
  test('has what its client returned, and throws what it threw', async () => {
    const { world, port } = await worldWith()
    const run = () => world.callbacks.runHook(world.ownerOf(), PRE_TOOL_USE, new AbortController().signal)
    const [one, two] = [run(), run()]
    world.callbacks.answer(port.asks[0]!.ask, { result: { async: true } }, 'ada', port)
    world.callbacks.answer(port.asks[1]!.ask, { error: 'it broke' }, 'ada', port)
    expect(await one).toEqual({ async: true })
    await expect(two).rejects.toThrow('it broke')
  })

  test('has its time only while its client is there', async () => {
    const { world, port } = await worldWith(86_400_000)
    const result = world.callbacks.runHook(world.ownerOf(), PRE_TOOL_USE, new AbortController().signal)
    vi.advanceTimersByTime(599_000)
    world.callbacks.leave(port)
    vi.advanceTimersByTime(3_600_000)
    const back = await world.register({ ...world.registrations.of('ada')!.registration })
    vi.advanceTimersByTime(599_000)
    expect(world.callbacks.isIdle).toBe(false)
    vi.advanceTimersByTime(1_000)
    expect(await result).toMatchObject({ hookSpecificOutput: { permissionDecision: 'deny' } })
    expect(back.cancelled).toHaveLength(1)
  })

  test.each([
    ['PreToolUse', { hookSpecificOutput: { permissionDecision: 'deny' } }],
    ['PermissionRequest', { hookSpecificOutput: { decision: { behavior: 'deny' } } }],
    ['UserPromptSubmit', { decision: 'block' }],
    ['PostToolUse', { continue: false }],
  ] as const)(
    'of %s refuses while its client is away, when it is closed, and is not there when it is open',
    async (event, closed) => {
      const { world, port } = await worldWith(0)
      world.callbacks.leave(port)
      vi.advanceTimersByTime(0)
      const { signal } = new AbortController()
      const ask = { ...PRE_TOOL_USE, data: { ...PRE_TOOL_USE.data, event } }
      expect(await world.callbacks.runHook(world.ownerOf(), ask, signal)).toMatchObject(closed)
      expect(await world.callbacks.runHook(world.ownerOf(), { ...ask, whenAway: 'open' }, signal)).toEqual({})
    },
  )
})

test('a message of a server is taken from its own client only', async () => {
  const { world, port } = await worldWith()
  const heard: unknown[] = []
  world.callbacks.listen(world.ownerOf(), 'my', (message) => void heard.push(message))
  const message = { jsonrpc: '2.0', method: 'notifications/message' } as const
  world.callbacks.hear({ type: 'mcp_message', client: 'ada', server: 'my', message }, port)
  world.callbacks.hear({ type: 'mcp_message', client: 'ada', server: 'none', message }, port)
  for (const client of ['ada', 'nobody'])
    expect(() =>
      world.callbacks.hear({ type: 'mcp_message', client, server: 'my', message }, new TestPort()),
    ).toThrow(expect.objectContaining({ code: 'not_registered' }))
  expect(heard).toEqual([message])
})
