import { join } from 'node:path'
import { ClaudeAgentClient, type ClientOptions, type SandboxProvider } from '@claude-agent/client'
import { local } from '@claude-agent/sandbox/local'
import { describe, expect, test, type World } from '../support/test.ts'
import { until } from '../support/until.ts'

async function engineOf(world: World): Promise<SandboxProvider> {
  return local({ folder: join(await world.folder(), 'sandboxes') })
}

function clientOf(world: World, options: ClientOptions): ClaudeAgentClient {
  const client = new ClaudeAgentClient(options)
  world.defer(() => client.stop())
  return client
}

describe('a client of a local sandbox', () => {
  test('talks to the agent in it and ends it', { timeout: 120_000 }, async ({ world }) => {
    const claude = await world.claude()
    const engine = await engineOf(world)
    const client = clientOf(world, {
      sandbox: engine,
      anthropicApiKey: 'sk-ant-of-the-creator',
      anthropicBaseUrl: claude.url,
    })
    const told: string[] = []
    client.onMessage((message) => {
      if (message.type === 'sdk_message') told.push(message.data.type)
    })
    await client.start()
    client.send({ type: 'user_message', data: { type: 'user', message: { role: 'user', content: 'Hi' } } })
    await until('a result', () => told.includes('result'), 90_000)
    await client.writeFile('a.txt', 'text')
    expect(await client.readFile('a.txt')).toBe('text')
    expect((await engine.list()).map(({ id }) => id)).toEqual([client.sandboxId])
    await client.stop()
    expect(await engine.list()).toEqual([])
  })

  test('leaves it and comes back to it', async ({ world }) => {
    const engine = await engineOf(world)
    const client = clientOf(world, { sandbox: engine })
    await client.start()
    await client.writeFile('a.txt', 'text')
    const id = client.sandboxId ?? ''
    await client.detach()
    const other = clientOf(world, { sandbox: engine, resume: id })
    await other.start()
    expect(await other.readFile('a.txt')).toBe('text')
    await other.stop()
    expect(await engine.list()).toEqual([])
  })

  test('is closed with code and hint when somebody else ends it', async ({ world }) => {
    const engine = await engineOf(world)
    const client = clientOf(world, { sandbox: engine })
    await client.start()
    await (await engine.connect(client.sandboxId ?? '')).kill()
    await until('it is closed', () => client.state.status === 'closed', 30_000)
    expect(client.state.error).toMatchObject({ code: 'sandbox_not_found', hint: expect.any(String) })
  })
})
