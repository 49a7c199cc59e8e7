import { mkdir, rm } from 'node:fs/promises'
import { ask } from '../support/http.ts'
import { bash, conversationOf, turnsOf } from '../support/messages.ts'
import { isAlive, processesWith, signal } from '../support/processes.ts'
import { describe, expect, test } from '../support/test.ts'
import { until } from '../support/until.ts'

const endless = {
  match: { lastUserText: 'talk for ever' },
  steps: [{ text: 'word ', repeat: 100_000, pace: { deltasPerSecond: 50 } }],
}

describe('kill -9 of the CLI', () => {
  test('in the middle of a stream: the client is told the cause, and the next message goes on with the conversation', async ({
    world,
  }) => {
    const { client, claude, server } = await world.talk([endless])
    client.prompt('my name is Ada')
    await client.result()
    client.prompt('talk for ever')
    await until('the model streams', () => turnsOf(claude).length === 2)
    const { id } = await server.agent()
    signal(id, 'SIGKILL')
    expect(await client.error()).toMatchObject({
      type: 'error',
      code: 'agent_exited',
      error: expect.stringContaining('SIGKILL'),
      hint: expect.any(String),
    })
    client.prompt('who am I?')
    expect((await client.result()).result).toBe('echo: who am I?')
    expect(conversationOf(turnsOf(claude).at(-1)!)).toContain('my name is Ada')
    expect((await server.agent()).id).not.toBe(id)
    expect(await isAlive(id)).toBe(false)
  })

  test('in the middle of a Bash call: the command and its background children go too, and the conversation goes on', async ({
    world,
  }) => {
    const command = 'setsid nohup tail -f /dev/null -s 4712.1 & timeout 4712.2 tail -f /dev/null'
    const { client, claude, server } = await world.talk([bash('work', command)])
    client.prompt('my name is Ada')
    await client.result()
    client.prompt('work')
    await until('both run', async () => {
      const found = await Promise.all(['-s 4712.1', 'timeout 4712.2'].map((text) => processesWith(text)))
      return found.every((one) => one.length > 0)
    })
    signal((await server.agent()).id, 'SIGKILL')
    expect(await client.error()).toMatchObject({
      code: 'agent_exited',
      error: expect.stringContaining('SIGKILL'),
    })
    await until('both are gone', async () => (await processesWith('4712.')).length === 0)
    client.prompt('who am I?')
    expect((await client.result()).result).toBe('echo: who am I?')
    expect(conversationOf(turnsOf(claude).at(-1)!)).toContain('my name is Ada')
  })

  test('while it starts on the very first message loses neither that message nor the one behind it', async ({
    world,
  }) => {
    const { client, server } = await world.talk()
    client.prompt('first')
    client.prompt('second')
    signal((await server.agent()).id, 'SIGKILL')
    expect((await client.result()).result).toBe('echo: first')
    expect((await client.result()).result).toBe('echo: second')
  })

  test('while it is idle: the client is told, and the next message works', async ({ world }) => {
    const { client, claude, server } = await world.talk()
    client.prompt('my name is Ada')
    await client.result()
    signal((await server.agent()).id, 'SIGKILL')
    expect(await client.error()).toMatchObject({ code: 'agent_exited' })
    client.prompt('who am I?')
    expect((await client.result()).result).toBe('echo: who am I?')
    expect(conversationOf(turnsOf(claude).at(-1)!)).toContain('my name is Ada')
  })

  test('with messages waiting: each of those gets its turn, in order', async ({ world }) => {
    const { client, claude, server } = await world.talk([endless])
    for (const text of ['talk for ever', 'two', 'three']) client.prompt(text)
    await until('the model streams', () => turnsOf(claude).length === 1)
    signal((await server.agent()).id, 'SIGKILL')
    await client.error()
    expect((await client.result()).result).toBe('echo: two')
    expect((await client.result()).result).toBe('echo: three')
  })
})

describe('an agent that cannot start', () => {
  test('because the workspace is gone says so by name, and works once it is back', async ({ world }) => {
    const { client, server } = await world.talk()
    await server.agent()
    await rm(server.workspace, { recursive: true })
    await ask(`${server.url}/config`, { method: 'POST', body: { systemPrompt: 'other' } })
    client.prompt('hello')
    expect(await client.error()).toMatchObject({
      code: 'agent_start_failed',
      error: expect.stringContaining(server.workspace),
    })
    await mkdir(server.workspace)
    client.prompt('hello again')
    expect((await client.result()).result).toBe('echo: hello again')
  })

  test('because of an option says so with the last words of its stderr, and works with another', async ({
    world,
  }) => {
    const { client, server } = await world.talk()
    const outputFormat = { type: 'json_schema', schema: { type: 'nonsense' } }
    await ask(`${server.url}/config`, { method: 'POST', body: { outputFormat } })
    client.prompt('hello')
    const failed = await client.error()
    expect(failed).toMatchObject({ code: 'agent_start_failed', hint: expect.any(String) })
    expect(failed.error).toMatch(/exited with code 1: .*not a valid JSON Schema/s)
    await ask(`${server.url}/config`, { method: 'POST', body: {} })
    client.prompt('hello again')
    expect((await client.result()).result).toBe('echo: hello again')
  })

  test.skipIf(process.getuid?.() !== 0)(
    'is not one as root with bypassPermissions: that works (needs root)',
    async ({ world }) => {
      const { client } = await world.talk([bash('who', 'id -u')])
      client.prompt('who')
      expect((await client.result()).result).toBe('printed: 0')
      const init = client.messages().find(({ type, subtype }) => type === 'system' && subtype === 'init')
      expect(init?.permissionMode).toBe('bypassPermissions')
    },
  )
})
