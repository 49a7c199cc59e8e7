import type { Rule } from 'scripted-claude'
import { reason, runtime } from '../support/bun.ts'
import { bash, conversationOf, textOf, turnsOf } from '../support/messages.ts'
import { processesWith, signal } from '../support/processes.ts'
import { describe, expect, test } from '../support/test.ts'
import { pause, until } from '../support/until.ts'

const endless: Rule = {
  match: { lastUserText: 'talk for ever' },
  steps: [{ text: 'word ', repeat: 100_000, pace: { deltasPerSecond: 50 } }],
}

/** Twenty whole messages in one turn, one every 200 ms. */
const lecture: Rule = {
  match: { lastUserText: 'lecture' },
  respond: async function* speak() {
    for (let index = 0; index < 20; index += 1) {
      yield { text: `paragraph ${index}`, repeat: 1, each: 'block' }
      yield { delayMs: 200 }
    }
  },
}

describe.skipIf(reason !== '')(`lives and deaths of the same server on Bun${reason}`, () => {
  test('delivers to the next client what the last one never acknowledged, and nothing twice that it did', async ({
    world,
  }) => {
    const { client, claude, server } = await world.talk([lecture], { runtime })
    client.prompt('lecture')
    await client.sdk('assistant')
    await client.sdk('assistant')
    await pause(300)
    client.terminate()
    await until('the turn is over', () => turnsOf(claude)[0]?.outcome === 'answered')
    const next = await world.connect(server)
    await next.result()
    const spoken = [client, next]
      .flatMap((one) => one.messages())
      .filter(({ type }) => type === 'assistant')
      .map((message) => [message.uuid, textOf(message)] as const)
    expect([...new Map(spoken).values()]).toEqual(
      Array.from({ length: 20 }, (_, index) => `paragraph ${index}`),
    )
    const first = new Set(client.messages().map(({ uuid }) => uuid))
    expect(
      next.messages().filter(({ uuid }) => first.has(uuid)).length,
      'acknowledged by its pongs',
    ).toBeLessThanOrEqual(2)
  })

  test(
    'frees the slot of a client whose network vanished within 30 s',
    { timeout: 90_000 },
    async ({ world }) => {
      const server = await world.server({ runtime })
      const { network, wsUrl } = await world.network(server)
      const lost = world.client(wsUrl)
      await lost.next(({ type }) => type === 'connected')
      network.vanish()
      const from = Date.now()
      await until(
        'the slot is free',
        async () => {
          await pause(500)
          return (await world.client(server.wsUrl).next(() => true)).type === 'connected'
        },
        45_000,
      )
      expect(Date.now() - from).toBeLessThan(30_000)
    },
  )

  test('tells of a CLI that was killed, and goes on with the conversation', async ({ world }) => {
    const { client, claude, server } = await world.talk([endless], { runtime })
    client.prompt('my name is Ada')
    await client.result()
    client.prompt('talk for ever')
    await until('the model streams', () => turnsOf(claude).length === 2)
    signal((await server.agent()).id, 'SIGKILL')
    expect(await client.error()).toMatchObject({
      code: 'agent_exited',
      error: expect.stringContaining('SIGKILL'),
    })
    client.prompt('who am I?')
    expect((await client.result()).result).toBe('echo: who am I?')
    expect(conversationOf(turnsOf(claude).at(-1)!)).toContain('my name is Ada')
  })

  test.for(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
    '%s in the middle of a Bash call leaves no process',
    async (name, { world }) => {
      const id = { SIGTERM: '4731', SIGINT: '4732', SIGKILL: '4733' }[name]
      const command = `setsid nohup tail -f /dev/null -s ${id}.1 & tail -f /dev/null -s ${id}.2`
      const { client, claude, server } = await world.talk([bash('work', command)], { runtime })
      client.prompt('work')
      await until('it runs', async () => (await processesWith(`-s ${id}.2`)).length > 0)
      server.kill(name)
      const end = await server.program.ended
      if (name !== 'SIGKILL') {
        expect(end).toMatchObject({ code: 0 })
        expect((await client.closed).code).toBe(1012)
      }
      await server.cleared(name === 'SIGKILL' ? 10_000 : 0)
      expect(await processesWith(`-s ${id}.`)).toEqual([])
      const next = await world.server({ folder: server.folder, upstream: claude.url, runtime })
      const second = await world.connect(next)
      second.prompt('hello')
      expect((await second.result()).result).toBe('echo: hello')
    },
  )

  test('has one server for a data directory', async ({ world }) => {
    const { folder } = await world.server({ runtime })
    await expect(world.server({ folder, runtime })).rejects.toThrow('Another server uses the data directory')
    await expect(world.server({ folder })).rejects.toThrow('Another server uses the data directory')
  })
})
