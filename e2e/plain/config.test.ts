import { conversationOf, turnsOf } from '../support/messages.ts'
import { ask } from '../support/http.ts'
import { describe, expect, test } from '../support/test.ts'
import { until } from '../support/until.ts'

describe('/config', () => {
  test('is empty at first, keeps what is posted as a whole, and says so in the shapes of the protocol', async ({
    world,
  }) => {
    const { url } = await world.server()
    expect(await ask(`${url}/config`)).toMatchObject({ status: 200, json: { config: {} } })
    const config = { systemPrompt: 'You are a pirate.', allowedTools: ['Read'], model: 'claude-sonnet-4-5' }
    const stored = await ask(`${url}/config`, { method: 'POST', body: config })
    expect(stored.status).toBe(200)
    expect(stored.json).toEqual({ success: true, config, applies: 'now' })
    expect((await ask(`${url}/config`)).json).toEqual({ config })
    await ask(`${url}/config`, { method: 'POST', body: { model: 'claude-haiku-4-5' } })
    expect((await ask(`${url}/config`)).json).toEqual({ config: { model: 'claude-haiku-4-5' } })
  })

  test("takes all that the predecessor's client posts, and drops what is not the query's", async ({
    world,
  }) => {
    const { url } = await world.server()
    const posted = {
      e2bApiKey: 'e2b_key',
      template: 'claude-agent-server',
      debug: true,
      timeoutMs: 300_000,
      connectionUrl: 'http://localhost:3000',
      agents: { coder: { description: 'Writes code', tools: ['Write'] } },
      systemPrompt: 'Be brief.',
    }
    const stored = await ask(`${url}/config`, { method: 'POST', body: posted })
    expect(stored.status).toBe(200)
    expect(stored.json.config).toEqual({ agents: posted.agents, systemPrompt: 'Be brief.' })
  })

  test('answers a body that is no JSON with 400 and `Invalid JSON`, and keeps what it had', async ({
    world,
  }) => {
    const { url } = await world.server()
    await ask(`${url}/config`, { method: 'POST', body: { model: 'claude-haiku-4-5' } })
    for (const body of ['{"model":', 'systemPrompt=x', '']) {
      const answer = await ask(`${url}/config`, { method: 'POST', body })
      expect(answer.status).toBe(400)
      expect(answer.json).toMatchObject({
        error: 'Invalid JSON',
        code: 'invalid_json',
        hint: expect.any(String),
      })
    }
    for (const body of ['null', '[]', '"text"']) {
      expect((await ask(`${url}/config`, { method: 'POST', body })).json.code).toBe('invalid_config')
    }
    expect((await ask(`${url}/config`)).json).toEqual({ config: { model: 'claude-haiku-4-5' } })
  })

  test('answers a wrong field with 400, its code and its path, and keeps what it had', async ({ world }) => {
    const { url } = await world.server()
    const wrong: [body: object, path: RegExp][] = [
      [{ model: 5 }, /'model'/],
      [{ allowedTools: 'Read' }, /'allowedTools'/],
      [{ mcpServers: { docs: { type: 'http', url: 7 } } }, /mcpServers\.docs\.url/],
      [{ permissionMode: 'yolo' }, /'permissionMode'/],
      [{ sytemPrompt: 'typo' }, /'sytemPrompt'/],
    ]
    for (const [body, path] of wrong) {
      const { status, json } = await ask(`${url}/config`, { method: 'POST', body })
      expect(status, JSON.stringify(body)).toBe(400)
      expect(json, JSON.stringify(body)).toMatchObject({
        code: 'invalid_config',
        error: expect.stringMatching(path),
        hint: expect.any(String),
      })
    }
    expect((await ask(`${url}/config`)).json).toEqual({ config: {} })
  })

  test('refuses by name what would run a program, read a path or steal a session', async ({ world }) => {
    const { url } = await world.server()
    const refused: object[] = [
      { pathToClaudeCodeExecutable: '/bin/sh' },
      { executable: 'node' },
      { executableArgs: ['-e', '1'] },
      { extraArgs: { 'add-dir': '/' } },
      { cwd: '/' },
      { additionalDirectories: ['/'] },
      { resume: 'x' },
      { continue: true },
      { sessionId: '0b7c4f0e-8a5e-4a39-9d0b-5f4e9a3c6d21' },
      { persistSession: false },
      { forkSession: true },
      { hooks: {} },
      { env: { ANTHROPIC_BASE_URL: 'http://evil.example' } },
      { env: { NODE_OPTIONS: '--require /tmp/x.js' } },
      { env: { LD_PRELOAD: '/tmp/x.so' } },
      { env: { https_proxy: 'http://evil.example' } },
      { settings: { apiKeyHelper: 'cat /etc/passwd' } },
      { settings: { env: { ANTHROPIC_BASE_URL: 'http://evil.example' } } },
      { settings: '/etc/settings.json' },
      { mcpServers: { x: { type: 'sdk', name: 'x' } } },
    ]
    for (const body of refused) {
      const { status, json } = await ask(`${url}/config`, { method: 'POST', body })
      expect(status, JSON.stringify(body)).toBe(400)
      expect(json.code, JSON.stringify(body)).toMatch(/^(option_refused|invalid_config)$/)
      expect(json.error, JSON.stringify(body)).toContain(Object.keys(body)[0])
    }
    expect((await ask(`${url}/config`)).json).toEqual({ config: {} })
  })

  test('refuses a body over the limit, and other methods with what the address is for', async ({ world }) => {
    const { url } = await world.server({ args: ['--max-body-bytes', '2048'] })
    const big = await ask(`${url}/config`, { method: 'POST', body: { systemPrompt: 'x'.repeat(3000) } })
    expect(big).toMatchObject({ status: 413, json: { code: 'body_too_large' } })
    expect((await ask(`${url}/config`, { method: 'DELETE' })).status).toBeGreaterThanOrEqual(404)
    expect((await ask(`${url}/config`)).status).toBe(200)
  })

  test('never gives a secret back, and `[redacted]` posted back keeps the one that is stored', async ({
    world,
  }) => {
    const claude = await world.claude({ apiKey: 'sk-config-key' })
    const server = await world.server({ upstream: claude.url })
    const config = {
      anthropicApiKey: 'sk-config-key',
      env: { DATABASE_PASSWORD: 'hunter2-hunter2' },
      mcpServers: {
        docs: { type: 'http', url: 'http://127.0.0.1:9/', headers: { authorization: 'Bearer abc-secret' } },
      },
    }
    const stored = await ask(`${server.url}/config`, { method: 'POST', body: config })
    const shown = await ask(`${server.url}/config`)
    for (const { text, json } of [stored, shown]) {
      for (const secret of ['sk-config-key', 'hunter2', 'abc-secret']) expect(text).not.toContain(secret)
      expect(json.config).toMatchObject({
        anthropicApiKey: '[redacted]',
        env: { DATABASE_PASSWORD: '[redacted]' },
        mcpServers: { docs: { headers: { authorization: '[redacted]' } } },
      })
    }
    const back = await ask(`${server.url}/config`, {
      method: 'POST',
      body: { ...shown.json.config, systemPrompt: 'Be brief.' },
    })
    expect(back.json).toMatchObject({ success: true, config: { anthropicApiKey: '[redacted]' } })
    const client = await world.connect(server)
    client.prompt('does the key still work?')
    expect((await client.result()).is_error).toBe(false)
    expect(turnsOf(claude)[0]?.headers['x-api-key']).toBe('sk-config-key')
  })
})

describe('a change of configuration', () => {
  test('before the first message takes effect now: the model sees the system prompt and the model name', async ({
    world,
  }) => {
    const { client, claude, server } = await world.talk()
    const body = { systemPrompt: 'You are a pirate.', model: 'claude-sonnet-4-5' }
    expect((await ask(`${server.url}/config`, { method: 'POST', body })).json.applies).toBe('now')
    client.prompt('hello')
    await client.result()
    const turn = turnsOf(claude)[0]!
    expect(turn.body.model).toBe('claude-sonnet-4-5')
    expect(JSON.stringify(turn.body.system)).toContain('You are a pirate.')
  })

  test('between two messages takes effect at the next, and the conversation is kept', async ({ world }) => {
    const { client, claude, server } = await world.talk()
    client.prompt('my name is Ada')
    await client.result()
    const body = { systemPrompt: 'You are a parrot.' }
    // The turn may have a moment of life left after its result.
    const { json } = await ask(`${server.url}/config`, { method: 'POST', body })
    expect(json).toMatchObject({ success: true, applies: expect.stringMatching(/^(now|next_turn)$/) })
    client.prompt('who am I?')
    expect((await client.result()).result).toBe('echo: who am I?')
    const turn = turnsOf(claude)[1]!
    expect(JSON.stringify(turn.body.system)).toContain('You are a parrot.')
    expect(conversationOf(turn)).toContain('my name is Ada')
    expect(client.frames.filter(({ type }) => type === 'error')).toEqual([])
  })

  test('during a turn leaves it alone, says `next_turn`, and is there at the next; the conversation is kept', async ({
    world,
  }) => {
    let release = (): void => {}
    const gate = new Promise<void>((go) => (release = go))
    world.defer(release)
    const { client, claude, server } = await world.talk([
      {
        match: { lastUserText: 'slow' },
        respond: async function* slow() {
          yield { text: 'begun' }
          await gate
          yield { text: ' and ended' }
        },
      },
    ])
    client.prompt('slow')
    await until('the model was asked', () => turnsOf(claude).length === 1)
    const body = { systemPrompt: 'You are a parrot.' }
    expect((await ask(`${server.url}/config`, { method: 'POST', body })).json.applies).toBe('next_turn')
    release()
    expect((await client.result()).result).toBe('begun and ended')
    client.prompt('quick')
    expect((await client.result()).result).toBe('echo: quick')
    expect(JSON.stringify(turnsOf(claude)[0]!.body.system)).not.toContain('parrot')
    expect(JSON.stringify(turnsOf(claude)[1]!.body.system)).toContain('parrot')
    expect(conversationOf(turnsOf(claude)[1]!)).toContain('begun and ended')
    expect(client.frames.filter(({ type }) => type === 'error')).toEqual([])
  })
})
