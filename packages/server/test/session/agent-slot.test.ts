import { describe, expect, test } from 'vitest'
import type { Agent } from '../../src/agent/agent.ts'
import type { AgentExit } from '../../src/agent/agent-process.ts'
import { AgentSlot, type EndReason } from '../../src/session/agent-slot.ts'

/** An agent that is no process. */
class StandIn {
  readonly ended: Promise<AgentExit>
  readonly wanted: string
  #end!: (exit: AgentExit) => void

  constructor(wanted: string) {
    this.wanted = wanted
    this.ended = new Promise((go) => (this.#end = go))
  }

  die(): void {
    this.#end({ code: null, signal: 'SIGKILL', cause: 'killed' })
  }

  async finish(): Promise<void> {
    this.#end({ code: 0, signal: null, cause: 'finished' })
    await this.ended
  }

  async stop(): Promise<void> {
    this.#end({ code: 143, signal: null, cause: 'stopped' })
    await this.ended
  }
}

interface Stand {
  slot: AgentSlot
  /** What is wanted now. */
  options: { wanted: string }
  /** Every agent that was started, and how many lived at once at most. */
  started: StandIn[]
  most: { alive: number }
  exits: (EndReason | undefined)[]
  /** What a start, and what follows an exit, wait for. */
  waits: { start: Promise<unknown>; exit: Promise<unknown> }
}

function create(): Stand {
  const options = { wanted: 'a' }
  const started: StandIn[] = []
  const exits: (EndReason | undefined)[] = []
  const most = { alive: 0 }
  const waits = { start: Promise.resolve() as Promise<unknown>, exit: Promise.resolve() as Promise<unknown> }
  let alive = 0
  const slot = new AgentSlot({
    wanted: () => options.wanted,
    start: async (signal) => {
      const agent = new StandIn(options.wanted)
      await waits.start
      signal.throwIfAborted()
      alive += 1
      most.alive = Math.max(most.alive, alive)
      void agent.ended.then(() => (alive -= 1))
      started.push(agent)
      return agent as unknown as Agent
    },
    onReady: () => {},
    onExit: async (_exit, reason) => {
      exits.push(reason)
      await waits.exit
    },
  })
  return { slot, options, started, most, exits, waits }
}

const rest = (): Promise<void> => new Promise((go) => setImmediate(go))

describe('a slot', () => {
  test('starts one agent for all who ask, and gives the same while it lives', async () => {
    const { slot, started } = create()
    const [one, two] = await Promise.all([slot.ready(), slot.ready()])
    expect([one === two, (await slot.ready()) === one, slot.holds(one), started.length]).toEqual([
      true,
      true,
      true,
      1,
    ])
  })

  test('replaces an agent that is not as it is wanted: the old one is gone before the new one starts', async () => {
    const { slot, options, most, exits } = create()
    const first = await slot.ready()
    options.wanted = 'b'
    expect([slot.isStale, slot.holds(first)]).toEqual([true, false])
    const second = await slot.ready()
    expect((second as unknown as StandIn).wanted).toBe('b')
    expect([most.alive, exits]).toEqual([1, ['options']])
  })

  test('ends an agent that is released once there is nothing to do, unless it is asked for before that', async () => {
    const { slot, exits } = create()
    expect(slot.release()).toBe(false)
    await slot.ready()
    expect(slot.release()).toBe(true)
    await slot.ready()
    slot.rest()
    await rest()
    expect(exits).toEqual([])
    slot.release()
    slot.rest()
    await rest()
    expect(exits).toEqual(['released'])
    expect(slot.release()).toBe(false)
  })

  test('gives up a start that is not as it is wanted any more', async () => {
    const { slot, options, started, most, waits } = create()
    let go = (): void => {}
    waits.start = new Promise<void>((resolve) => (go = resolve))
    const first = slot.ready()
    options.wanted = 'b'
    const second = slot.ready()
    go()
    await expect(first).rejects.toThrow()
    await second
    expect([started.map(({ wanted }) => wanted), most.alive]).toEqual([['b'], 1])
  })

  test('starts another after one has died, once what its death asked for is done', async () => {
    const { slot, started, exits, waits } = create()
    await slot.ready()
    let settle = (): void => {}
    waits.exit = new Promise<void>((go) => (settle = go))
    started[0]!.die()
    await rest()
    const next = slot.ready()
    await rest()
    expect([exits, started.length, slot.agent]).toEqual([[undefined], 1, undefined])
    settle()
    await next
    expect(started).toHaveLength(2)
  })

  test('tells why it ended an agent, and gives nobody the one that is ending', async () => {
    const { slot, started, exits } = create()
    const first = await slot.ready()
    const ending = slot.end('question')
    expect(slot.holds(first)).toBe(false)
    const next = await slot.ready()
    await ending
    expect([next === first, started.length, exits]).toEqual([false, 2, ['question']])
    await slot.end('idle')
    await slot.end('room')
    expect(exits).toEqual(['question', 'idle'])
  })

  test('tries again after a start that failed', async () => {
    const { slot, waits, started } = create()
    waits.start = Promise.reject(new Error('no'))
    await expect(slot.ready()).rejects.toThrow('no')
    waits.start = Promise.resolve()
    await slot.ready()
    expect(started).toHaveLength(1)
  })

  test('that is closed ends what runs and what starts, and starts nothing any more', async () => {
    const { slot, waits, started, most } = create()
    let go = (): void => {}
    waits.start = new Promise<void>((resolve) => (go = resolve))
    const starting = slot.ready()
    const closed = slot.close()
    go()
    await expect(starting).rejects.toThrow()
    await closed
    expect([started.length, most.alive]).toEqual([0, 0])
    await expect(slot.ready()).rejects.toMatchObject({ code: 'server_stopping' })
  })
})
