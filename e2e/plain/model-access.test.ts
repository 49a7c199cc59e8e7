import { ask } from '../support/http.ts'
import { turnsOf } from '../support/messages.ts'
import { describe, expect, test } from '../support/test.ts'

describe('the key for the model', () => {
  test('of the configuration wins over the one of the environment, at once and both ways', async ({
    world,
  }) => {
    const { client, claude, server } = await world.talk([], { key: 'sk-of-the-environment' })
    const before = (await server.agent()).id
    client.prompt('one')
    await client.result()
    await ask(`${server.url}/config`, { method: 'POST', body: { anthropicApiKey: 'sk-of-the-config' } })
    client.prompt('two')
    await client.result()
    await ask(`${server.url}/config`, { method: 'POST', body: {} })
    client.prompt('three')
    await client.result()
    expect(turnsOf(claude).map(({ headers }) => headers['x-api-key'])).toEqual([
      'sk-of-the-environment',
      'sk-of-the-config',
      'sk-of-the-environment',
    ])
    expect((await server.agent()).id, 'the agent knows no key, so a new one needs no new agent').toBe(before)
  })

  test('is missing: a message gets `no_model_access` with what to do, and after POST /config with a key it works', async ({
    world,
  }) => {
    const { client, claude, server } = await world.talk([], { key: null })
    client.prompt('hello')
    expect(await client.error()).toMatchObject({
      code: 'no_model_access',
      hint: expect.stringMatching(/anthropicApiKey.*ANTHROPIC_API_KEY/),
    })
    expect(claude.requests).toHaveLength(0)
    await ask(`${server.url}/config`, { method: 'POST', body: { anthropicApiKey: 'sk-late' } })
    client.prompt('hello again')
    expect((await client.result()).result).toBe('echo: hello again')
    expect(turnsOf(claude)[0]?.headers['x-api-key']).toBe('sk-late')
  })

  test.for([
    ['ANTHROPIC_AUTH_TOKEN', 'bearer-of-a-gateway'],
    ['CLAUDE_CODE_OAUTH_TOKEN', 'sk-ant-oat01-of-a-subscription'],
  ] as const)(
    'may be %s: the model gets it as a bearer token, the agent does not',
    async ([name, value], { world }) => {
      const { client, claude, server } = await world.talk([], { key: null, env: { [name]: value } })
      expect(server.logs()).toContain(name)
      expect(server.logs()).not.toContain(value)
      client.prompt('hello')
      expect((await client.result()).result).toBe('echo: hello')
      const [turn] = turnsOf(claude)
      expect(turn?.headers.authorization).toBe(`Bearer ${value}`)
      expect(turn?.headers['x-api-key']).toBeUndefined()
      expect((await server.agent()).environment).not.toContain(value)
    },
  )

  test('is wrong: the result says so in the words of the model’s host, and a right one helps', async ({
    world,
  }) => {
    const claude = await world.claude({ apiKey: 'sk-right' })
    const server = await world.server({ upstream: claude.url, key: 'sk-wrong' })
    const client = await world.connect(server)
    client.prompt('hello')
    expect((await client.result()).is_error).toBe(true)
    await ask(`${server.url}/config`, { method: 'POST', body: { anthropicApiKey: 'sk-right' } })
    client.prompt('hello again')
    expect((await client.result()).result).toBe('echo: hello again')
  })
})

test('an upstream that cannot be reached is tried again, which the client is told, and an interrupt ends the waiting', async ({
  world,
}) => {
  const claude = await world.claude()
  const { url } = claude
  await claude.close()
  const server = await world.server({ upstream: url })
  const client = await world.connect(server)
  client.prompt('hello')
  await client.next(({ data }) => data?.type === 'system' && data.subtype === 'api_retry', 20_000)
  client.send({ type: 'interrupt' })
  await client.result()
})
