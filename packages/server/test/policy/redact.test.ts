import { type QueryConfig, REDACTED } from '@claude-agent/protocol'
import { expect, test } from 'vitest'
import { acceptConfig } from '../../src/policy/accept-config.ts'
import { redactConfig } from '../../src/policy/redact.ts'
import { refusalOf } from './errors.ts'
import { createRandom, randomConfig, SECRET_MARK } from './random-config.ts'

const config = {
  anthropicApiKey: 'sk-ant-key',
  model: 'm',
  systemPrompt: 'The word [redacted] may stand in a prompt.',
  env: { FOO: 'foo-secret', EMPTY: '' },
  settings: {
    env: { BAR: 'bar-secret' },
    hooks: {
      Stop: [
        {
          hooks: [
            { type: 'http' as const, url: 'https://hooks.example', headers: { 'X-Key': 'hook-secret' } },
            { type: 'command' as const, command: "curl -H 'Authorization: Bearer cmd-secret' https://x" },
          ],
        },
      ],
    },
  },
  mcpServers: {
    web: {
      type: 'http' as const,
      url: 'https://user:url-secret@mcp.example/v1?api_key=query-secret&page=2',
      headers: { Authorization: 'Bearer head-secret' },
    },
    local: {
      command: 'npx',
      args: ['server', '--api-key', 'arg-secret', '--token=flag-secret', '--port', '80'],
      env: { T: 'env-secret' },
    },
  },
  agents: {
    helper: {
      description: 'd',
      prompt: 'token: 5 apples',
      mcpServers: [
        'web',
        { own: { type: 'sse' as const, url: 'https://h', headers: { Cookie: 'agent-secret' } } },
      ],
    },
  },
} satisfies QueryConfig

test('what is shown holds no secret, and all the rest', () => {
  const shown = redactConfig(config)
  expect(JSON.stringify(shown)).not.toMatch(/-secret|sk-ant-key/)
  expect(shown).toMatchObject({
    anthropicApiKey: REDACTED,
    model: 'm',
    systemPrompt: config.systemPrompt,
    env: { FOO: REDACTED, EMPTY: REDACTED },
    settings: { env: { BAR: REDACTED } },
    mcpServers: {
      web: {
        type: 'http',
        url: 'https://[redacted]@mcp.example/v1?api_key=[redacted]&page=2',
        headers: { Authorization: REDACTED },
      },
      local: {
        command: 'npx',
        args: ['server', '--api-key', REDACTED, '--token=[redacted]', '--port', '80'],
        env: { T: REDACTED },
      },
    },
    agents: {
      helper: { prompt: 'token: 5 apples', mcpServers: ['web', { own: { headers: { Cookie: REDACTED } } }] },
    },
  })
})

test('showing changes nothing in what is stored', () => {
  const before = structuredClone(config)
  redactConfig(config)
  expect(config).toEqual(before)
})

test('what is shown, posted back, is what was stored', () => {
  expect(acceptConfig(redactConfig(config), config)).toEqual(config)
})

test('what was shown is shown the same again', () => {
  expect(redactConfig(redactConfig(config))).toEqual(redactConfig(config))
})

test('a change beside a secret keeps the secret', () => {
  const shown = redactConfig(config)
  const changed = { ...shown, model: 'other', env: { ...shown.env, NEW: 'new' } }
  expect(acceptConfig(changed, config)).toEqual({
    ...config,
    model: 'other',
    env: { ...config.env, NEW: 'new' },
  })
})

test('a new value in place of a secret replaces it', () => {
  const changed = { ...redactConfig(config), anthropicApiKey: 'sk-ant-other' }
  expect(acceptConfig(changed, config).anthropicApiKey).toBe('sk-ant-other')
})

test('a secret that is left out is gone', () => {
  const { anthropicApiKey: _, ...rest } = redactConfig(config)
  expect(acceptConfig(rest, config)).not.toHaveProperty('anthropicApiKey')
})

test.each([
  [{ anthropicApiKey: REDACTED }, 'anthropicApiKey'],
  [{ env: { A: REDACTED } }, 'env.A'],
  [{ settings: { env: { A: REDACTED } } }, 'settings.env.A'],
  [{ mcpServers: { x: { type: 'http', url: 'https://[redacted]@h' } } }, 'mcpServers.x.url'],
  [
    { agents: { a: { mcpServers: [{ x: { command: 'c', env: { A: REDACTED } } }] } } },
    'agents.a.mcpServers[0].x.env.A',
  ],
])('[redacted] where nothing is stored is refused: %j', (body, path) => {
  expect(refusalOf(body)).toMatchObject({
    code: 'invalid_config',
    message: expect.stringContaining(`'${path}' holds`),
  })
})

test.each([
  [
    'another address',
    {
      ...redactConfig(config).mcpServers,
      web: { type: 'http', url: 'https://evil', headers: { Authorization: REDACTED } },
    },
  ],
  [
    'another command',
    { ...redactConfig(config).mcpServers, local: { command: 'evil', env: { T: REDACTED } } },
  ],
])('a stored secret is not handed to %s', (_, mcpServers) => {
  const error = refusalOf({ mcpServers }, config)
  expect(error).toMatchObject({ code: 'invalid_config' })
  expect(JSON.stringify(error)).not.toContain('-secret')
})

test('a server may get a new field and keep its secrets', () => {
  const { mcpServers, ...rest } = redactConfig(config)
  const web = { ...mcpServers?.['web'], timeout: 9000 }
  const changed = acceptConfig({ ...rest, mcpServers: { ...mcpServers, web } }, config)
  expect(changed.mcpServers).toEqual({
    ...config.mcpServers,
    web: { ...config.mcpServers.web, timeout: 9000 },
  })
})

test('numbers in an environment are hidden, and come back as numbers', () => {
  const stored = acceptConfig({ settings: { env: { PIN: 1234, ON: true } } }, {})
  const shown = redactConfig(stored)
  expect(shown).toEqual({ settings: { env: { PIN: REDACTED, ON: REDACTED } } })
  expect(acceptConfig(shown, stored)).toEqual({ settings: { env: { PIN: 1234, ON: true } } })
})

test('what a client says to the model is shown, also where it looks like a secret', () => {
  const prose = { systemPrompt: 'token: abc', planModeInstructions: 'sk-ant-example', title: 'https://a:b@c' }
  expect(redactConfig(prose)).toEqual(prose)
})

test('a list of servers in another order loses no secret silently: it is refused', () => {
  const own = (name: string, secret: string): object => ({ [name]: { command: name, env: { A: secret } } })
  const stored = acceptConfig({ agents: { a: { mcpServers: [own('x', 's1'), own('y', 's2')] } } }, {})
  const turned = { agents: { a: { mcpServers: [own('y', REDACTED), own('x', REDACTED)] } } }
  expect(refusalOf(turned, stored)).toMatchObject({ code: 'invalid_config' })
})

test('a secret in the middle of a text comes back only with the same text around it', () => {
  const command = (url: string): object => ({
    settings: {
      hooks: { Stop: [{ hooks: [{ type: 'command', command: `curl --token=abc-secret ${url}` }] }] },
    },
  })
  const stored = acceptConfig(command('https://one'), {})
  const shown = JSON.stringify(redactConfig(stored))
  expect(shown).toContain('curl --token=[redacted] https://one')
  expect(acceptConfig(JSON.parse(shown), stored)).toEqual(stored)
  expect(refusalOf(JSON.parse(shown.replace('https://one', 'https://two')), stored)).toMatchObject({
    code: 'invalid_config',
    message: expect.stringContaining("'settings.hooks.Stop[0].hooks[0].command' holds"),
  })
})

test('names of fields of every object are no way to a secret of another', () => {
  expect(refusalOf({ env: { constructor: REDACTED } }, config)).toMatchObject({ code: 'invalid_config' })
  expect(redactConfig({ env: { constructor: 'x' } })).toEqual({ env: { constructor: REDACTED } })
})

test('five hundred random configurations show none of their secrets and come back whole', () => {
  const random = createRandom(20)
  let secretive = 0
  for (let round = 0; round < 500; round++) {
    const stored = acceptConfig(randomConfig(random), {})
    if (JSON.stringify(stored).includes(SECRET_MARK)) secretive++
    const shown = redactConfig(stored)
    expect(JSON.stringify(shown)).not.toContain(SECRET_MARK)
    expect(acceptConfig(JSON.parse(JSON.stringify(shown)), stored)).toEqual(stored)
  }
  expect(secretive).toBeGreaterThan(400)
})
