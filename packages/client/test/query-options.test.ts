import { expect, test } from 'vitest'
import type { ClientOptions } from '../src/index.ts'
import { encodeQueryOptions } from '../src/query-options.ts'
import { createClient } from './clients.ts'
import { startPeer } from './peer.ts'

test('with no query option nothing is posted, so the server’s own configuration stays', async () => {
  const peer = await startPeer()
  const { client } = createClient({ connectionUrl: peer.url, token: 't', debug: false, timeoutMs: 5_000 })
  await client.start()
  expect(peer.requests).toEqual([])
})

test('query options are posted as JSON, all of them, and none of the client’s own', async () => {
  const peer = await startPeer()
  const options = {
    anthropicApiKey: 'sk-ant-x',
    agents: { reviewer: { description: 'Reviews', prompt: 'Review.' } },
    allowedTools: ['Read'],
    systemPrompt: { type: 'preset', preset: 'claude_code', append: 'Be brief.' },
    model: 'sonnet',
    mcpServers: { docs: { type: 'http', url: 'https://docs.example/mcp' } },
    maxTurns: 3,
    permissionMode: 'plan',
  } satisfies ClientOptions
  const own = {
    connectTimeoutMs: 9_999,
    debug: false,
    e2bApiKey: 'e',
    reconnect: true,
    template: 't',
    timeoutMs: 9,
  }
  const { client } = createClient({
    ...options,
    ...own,
    timeoutMs: 9_000,
    connectionUrl: peer.url,
    token: 'tok',
  })
  await client.start()
  expect(peer.requests).toHaveLength(1)
  expect(peer.requests[0]).toMatchObject({ method: 'POST', url: '/config' })
  expect(peer.requests[0]?.headers['content-type']).toBe('application/json')
  expect(JSON.parse(String(peer.requests[0]?.body))).toEqual(options)
})

test('a key in the environment is not sent to a server by itself', async () => {
  const before = process.env.ANTHROPIC_API_KEY
  process.env.ANTHROPIC_API_KEY = 'sk-ant-from-the-environment'
  try {
    const peer = await startPeer()
    const { client } = createClient({ connectionUrl: peer.url, model: 'sonnet' })
    await client.start()
    expect(JSON.parse(String(peer.requests[0]?.body))).toEqual({ model: 'sonnet' })
  } finally {
    if (before === undefined) delete process.env.ANTHROPIC_API_KEY
    else process.env.ANTHROPIC_API_KEY = before
  }
})

test('options that are undefined are options that are not given', () => {
  expect(encodeQueryOptions({ anthropicApiKey: undefined, model: undefined })).toBeUndefined()
  expect(encodeQueryOptions({ anthropicApiKey: undefined, model: 'haiku' })).toBe('{"model":"haiku"}')
})

test('an option that the client does not know goes to the server, which decides', () => {
  expect(encodeQueryOptions({ ofTheFuture: 1 } as ClientOptions)).toBe('{"ofTheFuture":1}')
})

test('a callback is refused by name, and what JSON cannot hold as well', () => {
  const callback = { canUseTool: () => {} } as ClientOptions
  expect(() => encodeQueryOptions(callback)).toThrow(
    expect.objectContaining({ code: 'option_refused', message: expect.stringContaining('canUseTool') }),
  )
  const circular: Record<string, unknown> = {}
  circular.self = circular
  expect(() => encodeQueryOptions({ mcpServers: circular } as ClientOptions)).toThrow(
    expect.objectContaining({ code: 'invalid_config' }),
  )
})
