import type { Agent } from '../../src/agent/agent.ts'
import type { AgentHost, AgentRequest } from '../../src/agent/agent-host.ts'
import { kindsOf } from '../../src/agent/asking.ts'
import { describe, expect, test } from 'vitest'
import { ProcessPool, type PoolMember } from '../../src/agent/process-pool.ts'
import { SpareAgents, type SpareWish } from '../../src/agent/spare-agents.ts'

/** A host whose agents are no processes: it notes what it was asked for, and they live until they are stopped. */
class NotedHost {
  readonly requests: AgentRequest[] = []
  readonly stopped: string[] = []
  /** What a start waits for. */
  starting: Promise<unknown> = Promise.resolve()

  async start(request: AgentRequest): Promise<Agent> {
    this.requests.push(request)
    await this.starting
    request.signal.throwIfAborted()
    let end = (): void => {}
    const ended = new Promise<void>((go) => (end = go))
    const stop = async (): Promise<void> => {
      this.stopped.push(request.sdkSessionId)
      end()
      await ended
    }
    return { ended, stop, id: request.sdkSessionId } as unknown as Agent
  }
}

const wish = (fingerprint: string, config = {}): SpareWish => ({
  fingerprint,
  config,
  asks: kindsOf({ interactive: true }),
})
const rest = (): Promise<void> => new Promise((go) => setImmediate(go))

class Session implements PoolMember {
  readonly idleSince: number | undefined = undefined
  readonly texts: string[] = []
  readonly messages: unknown[] = []
  async evict(): Promise<void> {}
  moved(): void {}
  config(): object {
    return { model: 'mine' }
  }
  onMessage(message: unknown): void {
    this.messages.push(message)
  }
  onStderr(text: string): void {
    this.texts.push(text)
  }
  async room(): Promise<void> {}
  async ask(): Promise<{ action: 'accept' }> {
    return { action: 'accept' }
  }
  async onQuestion(): Promise<'defer'> {
    return 'defer'
  }
  answerTo(): undefined {}
}

function create(processes = 3, most = 1): { host: NotedHost; pool: ProcessPool; spares: SpareAgents } {
  const host = new NotedHost()
  const pool = new ProcessPool(processes)
  return { host, pool, spares: new SpareAgents(host as unknown as AgentHost, pool, most) }
}

const claim = (
  spares: SpareAgents,
  fingerprint: string,
  session = new Session(),
): ReturnType<SpareAgents['claim']> => spares.claim(fingerprint, session, session)

describe('a spare', () => {
  test('is given once, to a session that wants the same, with the id of its conversation', async () => {
    const { host, spares } = create()
    spares.prepare(wish('a'))
    expect(await claim(spares, 'b')).toBeUndefined()
    const given = await claim(spares, 'a')
    expect(given?.sdkSessionId).toBe(host.requests[0]?.sdkSessionId)
    expect(await claim(spares, 'a')).toBeUndefined()
    expect(host.requests[0]).toMatchObject({
      asks: kindsOf({ interactive: true }),
      resumes: false,
      replacesPrompt: false,
    })
  })

  test('is made ready once for the same wish, and gives way to another one', async () => {
    const { host, spares } = create()
    spares.prepare(wish('a'))
    spares.prepare(wish('a'))
    await rest()
    expect(host.requests).toHaveLength(1)
    spares.prepare(wish('b'))
    await rest()
    expect([spares.has('a'), spares.has('b')]).toEqual([false, true])
    expect(host.stopped).toEqual([host.requests[0]!.sdkSessionId])
  })

  test('is not made ready where none are wanted, nor where no process is to spare', async () => {
    const { host: one, spares: none } = create(3, 0)
    none.prepare(wish('a'))
    const { host: two, spares, pool } = create(1)
    pool.tryAcquire(new Session())
    spares.prepare(wish('a'))
    await rest()
    expect([one.requests, two.requests]).toEqual([[], []])
  })

  test('holds a process until a session needs that: it is the first to give way', async () => {
    const { pool, spares } = create(1)
    spares.prepare(wish('a'))
    await rest()
    expect(pool.hasRoom).toBe(false)
    const permit = await pool.acquire(new Session(), new AbortController().signal)
    expect(permit).toBeDefined()
    expect(spares.has('a')).toBe(false)
  })

  test('takes its permit along: its session is the one that holds the process then', async () => {
    const { pool, spares } = create(1)
    spares.prepare(wish('a'))
    const given = await claim(spares, 'a')
    let isServed = false
    void pool.acquire(new Session(), new AbortController().signal).then(() => (isServed = true))
    await rest()
    expect(isServed, 'its session is busy').toBe(false)
    await given!.agent.stop()
    await rest()
    expect(isServed).toBe(true)
  })

  test('that cannot be started is none, and frees its process', async () => {
    const { host, pool, spares } = create(1)
    host.starting = Promise.reject(new Error('no'))
    spares.prepare(wish('a'))
    expect(await claim(spares, 'a')).toBeUndefined()
    expect([pool.hasRoom, spares.has('a')]).toEqual([true, false])
  })

  test('that dies while it waits is not given away', async () => {
    const { spares, host, pool } = create()
    spares.prepare(wish('a'))
    await rest()
    await spares.close()
    await rest()
    expect(host.stopped).toHaveLength(1)
    expect(spares.has('a')).toBe(false)
    expect(pool.hasRoom).toBe(true)
    spares.prepare(wish('a'))
    expect(spares.has('a'), 'after the end none is made ready').toBe(false)
  })

  test('that is being ended for others is not given away', async () => {
    const { spares, pool } = create(1)
    spares.prepare(wish('a'))
    await rest()
    const other = pool.acquire(new Session(), new AbortController().signal)
    expect(await claim(spares, 'a')).toBeUndefined()
    await other
  })

  test('speaks for its session once it has one: what it wrote before is not lost', async () => {
    const { host, spares } = create()
    spares.prepare(wish('a', { model: 'wished' }))
    await rest()
    const { owner } = host.requests[0]!
    expect(owner.config()).toEqual({ model: 'wished' })
    owner.onStderr('early')
    const session = new Session()
    await claim(spares, 'a', session)
    owner.onStderr('late')
    owner.onMessage({ type: 'hello' } as never)
    expect(session.texts).toEqual(['early', 'late'])
    expect(session.messages).toEqual([{ type: 'hello' }])
    expect(owner.config()).toEqual({ model: 'mine' })
    expect(await owner.onQuestion('t')).toBe('defer')
    expect(await owner.ask('elicitation', {} as never, new AbortController().signal)).toEqual({
      action: 'accept',
    })
  })
})
