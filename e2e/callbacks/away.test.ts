import { setTimeout as delay } from 'node:timers/promises'
import type { HookCallback } from '@anthropic-ai/claude-agent-sdk'
import { connect } from '@claude-agent/client'
import { until } from '../support/until.ts'
import { OwnerProcess } from './support/owner.ts'
import {
  attach,
  crash,
  createSession,
  describe,
  expect,
  result,
  says,
  serverOf,
  setStage,
  test,
} from './support/stage.ts'

const PATIENCE = { timeout: 120_000 }
/** How long the tool of a client takes whose process is killed in its middle. Acceptance runs it with 300000. */
const LONG_MS = Number(process.env['CALLBACKS_LONG_MS'] ?? 2000)

describe(
  'What the agent asks of one client waits for it while it is away, and comes again each time it comes back',
  PATIENCE,
  () => {
    test('because its line dropped: the call that runs goes on, runs once, and its result arrives', async ({
      stage,
      world,
    }) => {
      const { network } = await world.network(stage.server)
      const { id } = await createSession(world, stage.server)
      const session = connect({ url: `http://127.0.0.1:${network.port}` }).session(id)
      world.defer(() => session.close())
      let calls = 0
      let drops = 0
      await session.serve({
        mcpServers: serverOf('my', {
          slow: async ({ text }) => {
            calls += 1
            for (; drops < 3; drops += 1) {
              network.drop()
              await delay(400)
            }
            return says(text)
          },
        }),
      })
      const watcher = attach(world, stage.server, id)
      expect(await result(watcher, 'use mcp__my__slow {"text":"through drops"}')).toBe('got: through drops')
      expect([calls, drops]).toEqual([1, 3])
    })

    test('because its answer was lost on the way: it is asked again and answers from memory', async ({
      stage,
      world,
    }) => {
      const { network } = await world.network(stage.server)
      const { id } = await createSession(world, stage.server)
      const session = connect({ url: `http://127.0.0.1:${network.port}` }).session(id)
      world.defer(() => session.close())
      let calls = 0
      await session.serve({
        mcpServers: serverOf('my', {
          cut: async () => {
            calls += 1
            if (calls === 1) network.cut('up')
            return says(`call ${calls}`)
          },
        }),
      })
      expect(await result(attach(world, stage.server, id), 'use mcp__my__cut {"text":""}')).toBe(
        'got: call 1',
      )
      expect(calls).toBe(1)
    })

    test(
      'because it was killed: it comes back with its name and secret, is asked again, and the turn goes on',
      { timeout: 120_000 + 2 * LONG_MS },
      async ({ stage, world }) => {
        const { server } = stage
        const session = await createSession(world, server)
        const first = new OwnerProcess(world, server.url, session.id, LONG_MS)
        await first.prints('serves')
        const turn = result(session, 'use mcp__my__wait {"text":"waited"}')
        await first.prints('called')
        await delay(LONG_MS / 2)
        first.kill()
        await delay(Math.min(LONG_MS / 10, 5000))
        const second = new OwnerProcess(world, server.url, session.id, LONG_MS)
        await second.prints('called')
        expect(await turn).toBe(`got: waited, by ${second.id}`)
        expect(first.printed).not.toContain('done')
        expect(second.printed.match(/called/g)).toHaveLength(1)
      },
    )

    test('for longer than it is waited for: the tool fails with a reason that the model reads, until it is back', async ({
      stage,
      world,
    }) => {
      const session = await createSession(world, stage.server)
      const other = attach(world, stage.server, session.id)
      const client = { id: 'comes and goes', secret: 'a secret of this test' }
      const served = {
        client,
        ownerTimeoutMs: 300,
        mcpServers: serverOf('my', { tell: async () => says('here') }),
      }
      const serving = await other.serve(served)
      expect(await result(session, 'use mcp__my__tell {"text":""}')).toBe('got: here')
      serving.detach()
      await until('it is away', async () =>
        (await result(session, 'use mcp__my__tell {"text":""}')).includes('not connected'),
      )
      await other.serve(served)
      expect(await result(session, 'use mcp__my__tell {"text":""}')).toBe('got: here')
    })

    test('has its hooks closed or open, as was said or as it is by default', async ({ stage, world }) => {
      const session = await createSession(world, stage.server)
      const never: HookCallback = async () => ({ systemMessage: 'never' })
      const by = async (hooks: object, prompt: string): Promise<string> => {
        const serving = await session.serve({ ownerTimeoutMs: 0, hooks })
        await session.call('mcpServerStatus')
        serving.detach()
        const given = await result(session, prompt).catch((error: Error) => error.message)
        await session.serve({ client: serving.client }).then((again) => again.close())
        return given
      }
      const bash = 'use Bash {"command":"echo ran"}'
      expect(await by({ PreToolUse: [{ hooks: [never] }] }, bash)).toContain('not connected')
      expect(await by({ PreToolUse: [{ whenAway: 'open', hooks: [never] }] }, bash)).toBe('got: ran')
      expect(await by({ PostToolUse: [{ hooks: [never] }], Stop: [{ hooks: [never] }] }, bash)).toBe(
        'got: ran',
      )
      expect(await by({ UserPromptSubmit: [{ hooks: [never] }] }, 'hello')).not.toContain('echo')
      await result(session, 'hello again')
      const closed = { PostToolUse: [{ whenAway: 'closed', hooks: [never] }] }
      expect(await by(closed, bash)).not.toContain('got')
    })
  },
)

describe('What clients have registered survives the death of the server', PATIENCE, () => {
  test('what clients registered is there after its restart, although they are away, and waits for them', async ({
    world,
  }) => {
    let stage = await setStage(world)
    const session = await createSession(world, stage.server, { id: 'durable' })
    const owner = new OwnerProcess(world, stage.server.url, session.id, 0)
    await owner.prints('serves')
    expect(await result(session, 'use mcp__my__wait {"text":"before"}')).toContain('before')
    owner.kill()
    await session.close()
    stage = await crash(world, stage)
    const again = attach(world, stage.server, session.id)
    const turn = result(again, 'use mcp__my__wait {"text":"after"}')
    await until('the tool is called', () =>
      JSON.stringify(stage.claude.requests.at(-1)?.body).includes('after'),
    )
    await new OwnerProcess(world, stage.server.url, session.id, 0).prints('called')
    expect(await turn).toContain('after')
  })

  test('a call that ran is given up, its client hears of it, and serves on after the restart', async ({
    world,
  }) => {
    let stage = await setStage(world)
    const session = await createSession(world, stage.server)
    const calls: string[] = []
    await session.serve({
      mcpServers: serverOf('my', {
        run: async ({ text }, { signal }) => {
          calls.push(text)
          if (text === 'again') return says(text)
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          calls.push('given up')
          return says('to nobody')
        },
      }),
    })
    session.prompt('use mcp__my__run {"text":"first"}').catch(() => {})
    await until('it is called', () => calls.length > 0)
    stage = await crash(world, stage)
    await until('it is given up', () => calls.length === 2, 30_000)
    expect(await result(session, 'use mcp__my__run {"text":"again"}')).toBe('got: again')
    expect(calls).toEqual(['first', 'given up', 'again'])
  })
})
