import { SandboxError } from '@claude-agent/sandbox'
import { expect, onTestFinished, test } from 'vitest'
import type { ClientOptions } from '../src/index.ts'
import { createClient } from './clients.ts'
import { rejection, until } from './peer.ts'
import { startEngine } from './sandbox-engine.ts'

/** A turn starts a process of the real CLI. */
const TURN = { timeout: 120_000 }

const hello = {
  type: 'user_message',
  data: { type: 'user', session_id: 'my-session', message: { role: 'user', content: 'Hello, Claude!' } },
} as const

test('start makes a sandbox, the agent answers in it, and stop ends it', TURN, async () => {
  const engine = await startEngine({ rules: [{ steps: [{ text: 'Good day.' }] }] })
  const { client, messages } = createClient({
    sandbox: engine,
    anthropicApiKey: 'sk-ant-secret',
    template: 'claude-agent-server',
  })
  await client.start()
  expect(client.sandboxId).toMatch(/^test:/)
  expect(client.sandbox?.id).toBe(client.sandboxId)
  client.send(hello)
  await until(() => JSON.stringify(messages).includes('"subtype":"success"'), 'a result', 90_000)
  await client.stop()
  expect(engine.count).toBe(0)
  expect(client.sandboxId).toBeUndefined()
  expect(engine.model.requests[0]?.headers['x-api-key']).toBe('sk-ant-secret')
})

test('every request and every upgrade has the headers of the endpoint, and none has the key', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine, anthropicApiKey: 'sk-ant-secret', model: 'opus' })
  await client.start()
  const events: string[] = []
  const watch = await client.watchDir('.', ({ name }) => events.push(name))
  await client.writeFile('a.txt', 'text')
  expect(await client.readFile('a.txt')).toBe('text')
  expect((await client.listFiles()).map(({ name }) => name)).toEqual(['a.txt'])
  await until(() => events.includes('a.txt'))
  await client.removeFile('a.txt')
  await watch.stop()
  const paths = engine.passes.map(({ method, url }) => `${method} ${url.split('?')[0]}`)
  expect(new Set(paths)).toEqual(
    new Set([
      'GET /ws',
      'POST /config',
      'GET /files/watch',
      'PUT /files/content',
      'GET /files/content',
      'GET /files',
      'DELETE /files',
    ]),
  )
  for (const { headers } of engine.passes) {
    expect(headers['x-gate']).toBe(client.sandboxId)
    expect(headers.authorization).toBe(`Bearer ${client.sandbox?.token}`)
  }
  expect(engine.passes.find(({ url }) => url === '/config')?.body).toBe('{"model":"opus"}')
  expect(JSON.stringify(engine.passes)).not.toContain('sk-ant-secret')
  expect(engine.created[0]?.envs).toEqual({ ANTHROPIC_API_KEY: 'sk-ant-secret' })
})

test('what the options say of the sandbox reaches the engine, and nothing of it the server', async () => {
  const engine = await startEngine()
  const steps: string[] = []
  const { client } = createClient({
    sandbox: engine,
    template: 'mine',
    timeoutMs: 60_000,
    onTimeout: 'pause',
    metadata: { user: 'u1' },
    resources: { cpus: 1 },
    network: { internet: true },
    envs: { ANTHROPIC_API_KEY: 'k', CLAUDE_AGENT_SPARES: '0' },
    keepAlive: false,
    onProgress: ({ step }) => steps.push(step),
  })
  await client.start()
  expect(engine.created[0]).toMatchObject({
    template: 'mine',
    timeoutMs: 60_000,
    onTimeout: 'pause',
    metadata: { user: 'u1' },
    resources: { cpus: 1 },
    network: { internet: true },
    envs: { ANTHROPIC_API_KEY: 'k', CLAUDE_AGENT_SPARES: '0' },
  })
  expect(client.sandbox?.metadata).toEqual({ user: 'u1' })
  expect(steps).toEqual(['create'])
  expect(engine.passes.map(({ url }) => url)).toEqual(['/ws'])
})

test('the SDK’s own option `sandbox` is still an option of the query', async () => {
  const engine = await startEngine()
  const first = createClient({ sandbox: engine }).client
  await first.start()
  const { url, headers } = (await first.sandbox?.endpoint()) ?? { url: '', headers: {} }
  const token = first.sandbox?.token ?? ''
  await first.detach()
  const { client } = createClient({ connectionUrl: url, token, sandbox: { enabled: true } })
  // Without the header the gate lets nobody through: what matters is that no sandbox was asked for.
  expect(headers).toEqual({ 'X-Gate': expect.any(String) })
  expect(await rejection(client.start())).toMatchObject({ code: 'not_a_server' })
  expect(engine.calls).toEqual(['create'])
})

test('files need a started sandbox', async () => {
  const engine = await startEngine()
  const { client } = createClient({ sandbox: engine })
  const refused = { code: 'not_connected', hint: expect.stringContaining('start()') }
  expect(await rejection(client.readFile('a'))).toMatchObject(refused)
  expect(await rejection(client.watchDir('.', () => {}))).toMatchObject(refused)
  await client.start()
  await client.stop()
  expect(await rejection(client.listFiles())).toMatchObject(refused)
})

test.each([
  [{}, /Neither connectionUrl nor sandbox nor an E2B API key/],
  [{ sandbox: 'e2b' }, /‘e2b’ needs an API key/],
  [{ sandbox: 'vm' as 'local' }, /no engine 'vm'/],
  [{ resume: 'abc' }, /no engine 'abc'/],
  [{ connectionUrl: 'http://127.0.0.1:1', sandbox: 'local' }, /Both connectionUrl and sandbox/],
  [{ connectionUrl: 'http://127.0.0.1:1', resume: 'local:1' }, /Both connectionUrl and resume/],
] as const)('start refuses %j', async (options, message) => {
  const key = process.env['E2B_API_KEY']
  delete process.env['E2B_API_KEY']
  const { client } = createClient(options)
  const error = await rejection(client.start())
  if (key !== undefined) process.env['E2B_API_KEY'] = key
  expect(error).toMatchObject({ code: 'invalid_setting', hint: expect.any(String) })
  expect(String(error)).toMatch(message)
})

test('an engine that does not answer is engine_unreachable, and its key is not repeated', async () => {
  const before = process.env['E2B_API_URL']
  process.env['E2B_API_URL'] = 'http://127.0.0.1:1'
  onTestFinished(() => {
    if (before === undefined) delete process.env['E2B_API_URL']
    else process.env['E2B_API_URL'] = before
  })
  const { client } = createClient({ e2bApiKey: `e2b_${'0'.repeat(40)}` })
  const error = await rejection(client.start())
  expect(error).toMatchObject({ code: 'engine_unreachable' })
  expect(JSON.stringify(error)).not.toContain('e2b_0')
  await client.stop()
})

test('a key of the environment goes into a sandbox that has no other way to a model', async () => {
  const before = process.env['ANTHROPIC_API_KEY']
  process.env['ANTHROPIC_API_KEY'] = 'sk-ant-from-the-environment'
  onTestFinished(() => {
    if (before === undefined) delete process.env['ANTHROPIC_API_KEY']
    else process.env['ANTHROPIC_API_KEY'] = before
  })
  const engine = await startEngine()
  engine.before = () => {
    throw new SandboxError({ code: 'quota_exceeded', message: 'No more.' })
  }
  const ask = async (options: ClientOptions): Promise<unknown> => {
    await rejection(createClient({ sandbox: engine, ...options }).client.start())
    return engine.created.at(-1)?.envs
  }
  const key = { ANTHROPIC_API_KEY: 'sk-ant-from-the-environment' }
  expect(await ask({})).toMatchObject(key)
  expect(await ask({ envs: { OTHER: '1' } })).toMatchObject({ ...key, OTHER: '1' })
  expect(await ask({ anthropicApiKey: 'mine' })).toEqual({ ANTHROPIC_API_KEY: 'mine' })
  expect(await ask({ envs: { ANTHROPIC_BASE_URL: 'http://m' } })).toEqual({ ANTHROPIC_BASE_URL: 'http://m' })
  expect(await ask({ network: { injectHeaders: { h: { a: 'b' } } } })).toEqual({})
  expect(await ask({ broker: 'client' })).toEqual({ CLAUDE_AGENT_BROKER: 'client' })
})

test('a client of a server that runs has no sandbox to pause', async () => {
  const { client } = createClient({ connectionUrl: 'http://127.0.0.1:1' })
  expect(await rejection(client.pause())).toMatchObject({ code: 'not_supported' })
  expect(client.sandbox).toBeUndefined()
})

test('with the broker at the client the key stays there, and the agent answers', TURN, async () => {
  const engine = await startEngine({ rules: [{ steps: [{ text: 'Good day.' }] }] })
  const { client, messages } = createClient({
    sandbox: engine,
    broker: 'client',
    anthropicApiKey: 'sk-ant-secret',
    anthropicBaseUrl: engine.model.url,
  })
  await client.start()
  client.send(hello)
  await until(() => JSON.stringify(messages).includes('"subtype":"success"'), 'a result', 90_000)
  expect(engine.model.requests.find(({ path }) => path === '/v1/messages')?.headers['x-api-key']).toBe(
    'sk-ant-secret',
  )
  expect(engine.passes.map(({ url }) => url)).toContain('/model')
  expect(JSON.stringify([engine.created, engine.passes])).not.toContain('sk-ant-secret')
})
