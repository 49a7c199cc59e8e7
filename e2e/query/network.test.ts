import { createSdkMcpServer, tool } from '@anthropic-ai/claude-agent-sdk/core'
import { query as remoteQuery } from '@claude-agent/client'
import { crash, describe, expect, setStage, type Stage, test } from '../sessions/support/shared.ts'
import { Network } from '../support/network.ts'
import type { World } from '../support/test.ts'
import { processesWith } from '../support/processes.ts'
import { pause, until } from '../support/until.ts'
import { type AnyQuery, said, tell } from './support/sides.ts'

const FREE = { permissionMode: 'bypassPermissions', allowDangerouslySkipPermissions: true } as const

/** The `query()` of the client, by way of a network. */
async function byNetwork({ server }: Stage, world: World): Promise<{ network: Network; query: AnyQuery }> {
  const network = await Network.before(server.port)
  world.defer(() => network.close())
  const remote = { url: `http://127.0.0.1:${network.port}` }
  return {
    network,
    query: ({ prompt, options = {} }) => remoteQuery({ prompt, options: { ...options, remote } }),
  }
}

describe('a query whose connection is cut again and again', () => {
  test('yields each message once, and the parts of messages are their text, once', async ({
    stage,
    world,
  }) => {
    const { network, query } = await byNetwork(stage, world)
    let cuts = 0
    const timer = setInterval(() => {
      cuts += 1
      if (cuts % 2 === 0) network.cut()
      else network.drop()
    }, 300)
    world.defer(() => clearInterval(timer))
    const { messages, end } = await tell(
      query({ prompt: said('brief: one', 'brief: two'), options: { includePartialMessages: true } }),
    )
    clearInterval(timer)
    expect(end).toBe('done')
    expect(cuts).toBeGreaterThan(3)
    expect(messages.filter(({ type }) => type === 'result')).toHaveLength(2)
    expect(new Set(messages.map(({ uuid }) => uuid)).size).toBe(messages.filter(({ uuid }) => uuid).length)
    const texts: string[] = []
    for (const message of messages) {
      if (message.type !== 'stream_event') continue
      const { event } = message
      if (event.type === 'message_start') texts.push('')
      if (event.type === 'content_block_delta' && 'text' in event.delta)
        texts[texts.length - 1] += event.delta.text
    }
    // The rest of one that was over before the connection came back is not told in parts.
    for (const text of texts) expect('word '.repeat(40)).toContain(text)
  })

  test('calls a tool of the caller once, and its method calls and answers get through', async ({
    stage,
    world,
  }) => {
    const { network, query } = await byNetwork(stage, world)
    let runs = 0
    const slow = tool('slow', 'Takes its time', {}, async () => {
      runs += 1
      network.drop()
      await pause(1000)
      return { content: [{ type: 'text', text: 'at last' }] }
    })
    const { lines, end } = await tell(
      query({
        prompt: 'mcp: mcp__here__slow',
        options: {
          mcpServers: { here: createSdkMcpServer({ name: 'here', tools: [slow] }) },
          canUseTool: async (_name, input) => {
            network.drop()
            return { behavior: 'allow', updatedInput: input }
          },
        },
      }),
      async (message, running) => {
        if (message.type !== 'assistant') return
        network.drop()
        expect((await running.supportedModels()).length).toBeGreaterThan(0)
      },
    )
    expect(end).toBe('done')
    expect(lines.at(-1)).toContain('at last')
    expect(runs).toBe(1)
  })
})

describe('a query whose server is killed and started again', () => {
  test('in the middle of a turn throws that this was lost; the conversation goes on with `resume`', async ({
    world,
  }) => {
    const before = await setStage(world)
    const { network, query } = await byNetwork(before, world)
    const running = tell(query({ prompt: 'bash: tail -n 7171 -f /dev/null', options: FREE }))
    await until('it is in a tool', async () => (await processesWith('7171')).length > 0, 60_000)
    const after = await crash(world, before)
    network.leadTo(after.server.port)
    const { end, messages } = await running
    expect(end).toMatch(/turn was lost/)
    const { session_id } = messages[0]!
    const resumed = await tell(query({ prompt: 'Still there?', options: { resume: session_id! } }))
    expect(resumed.end).toBe('done')
    expect(resumed.lines.at(-1)).toBe('result/success completed echo: Still there?')
    expect(resumed.messages[0]!.session_id).toBe(session_id)
  })

  test('between turns goes on with the next prompt, secrets of its options and callbacks included', async ({
    world,
  }) => {
    const before = await setStage(world)
    const { network, query } = await byNetwork(before, world)
    let proceed = (): void => {}
    const again = new Promise<void>((resolve) => (proceed = resolve))
    const here = tool('here', 'Is here', {}, async () => ({
      content: [{ type: 'text', text: 'still here' }],
    }))
    const running = tell(
      query({
        prompt: (async function* () {
          yield* said('Hello')
          await again
          yield* said('mcp: mcp__here__here')
        })(),
        options: {
          ...FREE,
          env: { SECRET_OF_A_TEST: 'hidden' },
          mcpServers: { here: createSdkMcpServer({ name: 'here', tools: [here] }) },
        },
      }),
      async (message) => {
        if (message.type !== 'result' || message.num_turns !== 1) return
        const after = await crash(world, before)
        network.leadTo(after.server.port)
        proceed()
      },
    )
    const { lines, end } = await running
    expect(end).toBe('done')
    expect(lines.at(-1)).toContain('still here')
  })
})
