import { getPriority } from 'node:os'
import { ask } from '../support/http.ts'
import { turnsOf } from '../support/messages.ts'
import { isAlive } from '../support/processes.ts'
import { describe, expect, test } from '../support/test.ts'
import { until } from '../support/until.ts'

/** One agent ahead of need, as by default. */
const env = { CLAUDE_AGENT_SPARES: '1' }

describe('the agent', () => {
  test('is up before the first client, and serves its first message', async ({ world }) => {
    const { url } = await world.claude()
    const server = await world.server({ upstream: url, env })
    const { id } = await server.agent()
    const client = await world.connect(server)
    client.prompt('hello')
    await client.result()
    expect((await server.agent()).id).toBe(id)
  })

  test.skipIf(process.platform !== 'linux')(
    'gives way to the server, where nothing else is said',
    async ({ world }) => {
      const { url } = await world.claude()
      // A variable that is empty counts as not set.
      const server = await world.server({ upstream: url, env: { ...env, CLAUDE_AGENT_NICENESS: '' } })
      const { id } = await server.agent()
      // It may still be the shell or the `nice` that becomes the agent.
      await until('it gives way', () => getPriority(id) === 5)
    },
  )

  test('that waits is replaced at once by a POST /config that changes what it was started with', async ({
    world,
  }) => {
    const claude = await world.claude()
    const server = await world.server({ upstream: claude.url, env })
    const before = await server.agent()
    await ask(`${server.url}/config`, { method: 'POST', body: { systemPrompt: 'You are a pirate.' } })
    await until('another one is there, and the old one is gone', async () => {
      return (await server.agent()).id !== before.id && !(await isAlive(before.id))
    })
    const after = await server.agent()
    const client = await world.connect(server)
    client.prompt('hello')
    await client.result()
    expect((await server.agent()).id).toBe(after.id)
    expect(JSON.stringify(turnsOf(claude)[0]?.body.system)).toContain('You are a pirate.')
  })

  test('that waits stays when a POST /config changes nothing for it', async ({ world }) => {
    const { url } = await world.claude()
    const server = await world.server({ upstream: url, env })
    const before = await server.agent()
    await ask(`${server.url}/config`, { method: 'POST', body: {} })
    await ask(`${server.url}/config`, { method: 'POST', body: { anthropicApiKey: 'sk-other' } })
    const client = await world.connect(server)
    client.prompt('hello')
    await client.result()
    expect((await server.agent()).id).toBe(before.id)
  })

  test('is one, however many changes come at once: the last one holds', async ({ world }) => {
    const claude = await world.claude()
    const server = await world.server({ upstream: claude.url, env })
    for (const systemPrompt of ['one', 'two', 'three', 'You are the last.']) {
      await ask(`${server.url}/config`, { method: 'POST', body: { systemPrompt } })
    }
    const client = await world.connect(server)
    client.prompt('hello')
    expect((await client.result()).result).toBe('echo: hello')
    expect(JSON.stringify(turnsOf(claude)[0]?.body.system)).toContain('You are the last.')
    expect(client.frames.filter(({ type }) => type === 'error')).toEqual([])
  })
})
