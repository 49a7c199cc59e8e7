import { expect, test } from 'vitest'
import { acceptConfig } from '../../src/policy/accept-config.ts'
import { refusalOf } from './errors.ts'

const SECRET = 'hunter2-very-secret-value'

test('the configuration of the predecessor’s README is accepted as it is', () => {
  const body = {
    systemPrompt: 'You are a helpful assistant.',
    allowedTools: ['read_file', 'write_file'],
    anthropicApiKey: 'sk-ant-abc',
    model: 'claude-3-5-sonnet-20241022',
    agents: { myAgent: { name: 'My Custom Agent', description: 'A custom agent' } },
  }
  expect(acceptConfig(body, {})).toEqual(body)
})

test('the predecessor’s client posts all its options, and those that are not the query’s are dropped', () => {
  const body = {
    e2bApiKey: 'e2b_x',
    template: 't',
    debug: true,
    timeoutMs: 1,
    connectionUrl: 'http://x',
    model: 'm',
  }
  expect(acceptConfig(body, {})).toEqual({ model: 'm' })
})

test('a configuration that uses every kind of remote option is accepted and kept whole', () => {
  const body = {
    agent: 'a',
    agents: {
      a: {
        description: 'd',
        prompt: 'p',
        color: 'red',
        effort: 7,
        mcpServers: ['x', { y: { command: 'c' } }],
      },
    },
    betas: ['not-known-yet'],
    effort: 'not-known-yet',
    env: { FOO: 'bar', AWS_ACCESS_KEY_ID: 'mine' },
    maxBudgetUsd: 0.5,
    maxTurns: 3,
    mcpServers: {
      local: { command: 'node', args: ['x.js'], env: { LD_PRELOAD: 'its-own' }, cwd: '/x' },
      web: { type: 'http', url: 'https://x', headers: { A: 'b' }, timeout: 5000, oauth: { clientId: 'c' } },
      sse: { type: 'sse', url: 'https://y', tools: [{ name: 't', permission_policy: 'always_ask' }] },
      ws: { type: 'ws', url: 'wss://z' },
    },
    outputFormat: { type: 'json_schema', schema: { type: 'object' } },
    permissionMode: 'plan',
    permissionPrompts: 'none',
    plugins: [
      { type: 'local', path: './my-plugin' },
      { type: 'local', path: 'a..b/c' },
    ],
    sandbox: { enabled: false, network: { allowedDomains: ['x.org'] } },
    settings: {
      env: { PATH: '/opt/bin:/bin', N: 5, B: true },
      hooks: { PreToolUse: [{ matcher: 'Bash', hooks: [{ type: 'command', command: 'true', timeout: 5 }] }] },
      permissions: { allow: ['Bash(ls)'], defaultMode: 'manual' },
      theme: 'dark',
      outputStyle: 'Explanatory',
    },
    settingSources: [],
    skills: ['pdf', 'plugin:skill'],
    systemPrompt: { type: 'preset', preset: 'claude_code', append: 'x' },
    thinking: { type: 'enabled', budgetTokens: 1024 },
    toolConfig: { askUserQuestion: { previewFormat: 'html' } },
    tools: [],
  }
  expect(acceptConfig(body, {})).toEqual(body)
})

test('a new configuration replaces the stored one as a whole', () => {
  expect(acceptConfig({ model: 'b' }, { model: 'a', maxTurns: 3, env: { A: 'x' } })).toEqual({ model: 'b' })
})

test('null counts as absent, and so does an empty key', () => {
  expect(acceptConfig({ model: null, resume: null, nonsense: null, anthropicApiKey: ' ' }, {})).toEqual({})
})

test('a key is stored without the newline that a shell left at its end', () => {
  expect(acceptConfig({ anthropicApiKey: 'sk-ant-x\n' }, {})).toEqual({ anthropicApiKey: 'sk-ant-x' })
})

test('what is accepted shares nothing with the body that was posted', () => {
  const body = { agents: { a: { description: 'd' } } }
  const config = acceptConfig(body, {})
  body.agents.a.description = 'changed'
  expect(config.agents).toEqual({ a: { description: 'd' } })
})

test.each([
  ['modle', "Did you mean 'model'?"],
  ['MODEL', "Did you mean 'model'?"],
  ['mcpServer', "Did you mean 'mcpServers'?"],
  ['anthropicAPIkey', "Did you mean 'anthropicApiKey'?"],
])('the unknown option %s is refused, with the one that was meant', (name, hint) => {
  expect(refusalOf({ [name]: 'x' })).toMatchObject({
    code: 'invalid_config',
    hint: expect.stringContaining(hint),
  })
})

test.each(['token', 'reconnect', 'constructor', 'toString', 'hasOwnProperty', 'zz'])(
  'the unknown option %s is refused without a guess',
  (name) => {
    const error = refusalOf({ [name]: 'x' })
    expect(error).toMatchObject({
      code: 'invalid_config',
      message: `'${name}' is not an option of the query.`,
    })
    expect(error.hint).not.toContain('Did you mean')
  },
)

test.each([
  [{ model: 5 }, "'model' must be a string; it is 5."],
  [{ maxTurns: '3' }, `'maxTurns' must be a number; it is "3".`],
  [{ maxBudgetUsd: 0 }, "'maxBudgetUsd' must be a number above 0; it is 0."],
  [{ taskBudget: { total: 1.5 } }, "'taskBudget.total' must be a whole number; it is 1.5."],
  [{ permissionMode: 'root' }, `it is "root".`],
  [
    { settingSources: ['managed'] },
    `'settingSources[0]' must be one of "user", "project", "local"; it is "managed".`,
  ],
  [{ agents: { a: { tools: 'Read' } } }, `'agents.a.tools' must be a list; it is "Read".`],
  [{ agents: { a: 'x' } }, "'agents.a' must be an object;"],
  [{ agents: { a: { maxTurns: 0 } } }, "'agents.a.maxTurns' must be above 0; it is 0."],
  [{ agents: { a: { model: ' ' } } }, "'agents.a.model' must not be blank;"],
  [{ systemPrompt: [5] }, "'systemPrompt[0]' must be a string; it is 5."],
  [{ systemPrompt: { type: 'custom' } }, "'systemPrompt.prompt' must be a string; it is missing."],
  [{ mcpServers: { x: {} } }, "'mcpServers.x.command' must be a string; it is missing."],
  [{ mcpServers: { x: { type: 'bogus' } } }, "'mcpServers.x.type' is of no known kind;"],
  [
    { agents: { a: { mcpServers: [{ x: { type: 'http' } }] } } },
    "'agents.a.mcpServers[0].x.url' must be a string;",
  ],
  [{ skills: ['a,b'] }, "'skills[0]' must be the name of a skill;"],
  [{ fallbackModel: 'm', model: 'm' }, "'fallbackModel' must be another model than 'model'."],
  [{ sandbox: { enabled: 'yes' } }, "'sandbox.enabled' must be true or false;"],
  [{ settings: { permissions: { allow: [5] } } }, "'settings.permissions.allow[0]' must be a string;"],
  [
    { settings: { hooks: { Stop: [{ hooks: [{ type: 'http', url: 'x' }] }] } } },
    "'settings.hooks.Stop[0].hooks[0].url' must be a URL;",
  ],
  [{ settings: { notKnown: 1 } }, "This server does not know 'settings.notKnown'."],
  [{ anthropicApiKey: 5 }, "'anthropicApiKey' must be a string; it is a number."],
  [{ anthropicApiKey: 'two words' }, "'anthropicApiKey' has characters that no header can carry."],
  [{ model: 'a\0b' }, "'model' holds a NUL"],
  [{ allowedTools: ['a\0b'] }, "'allowedTools' holds a NUL"],
  [{ env: { A: 'a\0b' } }, "'env.A' must hold no NUL;"],
  [{ env: { 'A=B': 'x' } }, 'must have a name without `=` and NUL'],
  [[], 'The configuration must be an object; it is a list of 0.'],
  ['x', 'The configuration must be an object; it is a string.'],
  [null, 'The configuration must be an object; it is null.'],
])('a wrong value is refused with its path and what it is: %j', (body, message) => {
  expect(refusalOf(body)).toMatchObject({ code: 'invalid_config', message: expect.stringContaining(message) })
})

test.each([
  [{ settings: '/etc/passwd' }, 'settings'],
  [{ settings: '{"model":"x"}' }, 'settings'],
  [
    { settings: { permissions: { additionalDirectories: ['/'] } } },
    'settings.permissions.additionalDirectories',
  ],
  [{ settings: { forceLoginGatewayUrl: 'https://x' } }, 'settings.forceLoginGatewayUrl'],
  [{ settings: { sandbox: { ripgrep: { command: 'x' } } } }, 'settings.sandbox.ripgrep'],
  [{ sandbox: { bwrapPath: '/x' } }, 'sandbox.bwrapPath'],
  [{ mcpServers: { x: { type: 'sdk', name: 'x' } } }, 'mcpServers.x.type'],
  [{ mcpServers: { x: { type: 'claudeai-proxy', url: 'x', id: 'x' } } }, 'mcpServers.x.type'],
  [{ agents: { a: { mcpServers: [{ x: { type: 'sdk', name: 'x' } }] } } }, 'agents.a.mcpServers[0].x.type'],
])('what reaches past the agent is refused by name: %j', (body, path) => {
  expect(refusalOf(body)).toMatchObject({
    code: 'option_refused',
    message: expect.stringContaining(`'${path}' may not be set from outside. `),
  })
})

const ROUTING = `ANTHROPIC_BASE_URL ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN ANTHROPIC_CUSTOM_HEADERS CLAUDE_CODE_USE_BEDROCK
  CLAUDE_CONFIG_DIR CLAUDECODE HTTP_PROXY https_proxy ALL_PROXY NO_PROXY NODE_OPTIONS NODE_EXTRA_CA_CERTS LD_PRELOAD
  LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES BUN_OPTIONS SSL_CERT_FILE BASH_ENV ENV HOME IS_SANDBOX OTEL_EXPORTER_OTLP_ENDPOINT
  AWS_ENDPOINT_URL AWS_ENDPOINT_URL_BEDROCK_RUNTIME AWS_BEARER_TOKEN_BEDROCK CLOUD_ML_REGION VERTEX_REGION_CLAUDE_4_0_OPUS`

test.each(ROUTING.split(/\s+/))(
  '%s is set neither in env nor in settings.env, and its value is not repeated',
  (name) => {
    for (const body of [{ env: { [name]: SECRET } }, { settings: { env: { [name]: SECRET } } }]) {
      const error = refusalOf(body)
      expect(error).toMatchObject({
        code: 'option_refused',
        message: expect.stringContaining(`env.${name}'`),
      })
      expect(JSON.stringify(error)).not.toContain(SECRET)
    }
  },
)

test('PATH is refused where the server would search by it, and allowed where only the agent does', () => {
  expect(refusalOf({ env: { PATH: '/x' } })).toMatchObject({ code: 'option_refused' })
  expect(acceptConfig({ settings: { env: { PATH: '/x' } } }, {})).toEqual({
    settings: { env: { PATH: '/x' } },
  })
})

test.each([
  '/etc',
  '../x',
  'a/../../x',
  '..',
  '~/x',
  'C:\\x',
  '\\\\host\\x',
  'a\\..\\..\\x',
  'a\n/../../x',
  '',
  'a\0',
])('a plugin outside of the workspace is refused: %j', (path) => {
  const error = refusalOf({ plugins: [{ type: 'local', path }] })
  expect(error).toMatchObject({
    code: 'invalid_config',
    message: expect.stringContaining("'plugins[0].path'"),
  })
})

test.each([
  { anthropicApiKey: { key: SECRET } },
  { anthropicApiKey: `${SECRET} and more` },
  { env: { A: { b: SECRET } } },
  { env: [SECRET] },
  { mcpServers: { x: { type: 'http', url: `https://u:${SECRET}@h`, headers: SECRET } } },
  { mcpServers: { x: SECRET } },
  { settings: { env: { A: [SECRET] } } },
  { settings: SECRET },
  { agents: { a: { mcpServers: [{ x: { command: 'c', env: SECRET } }] } } },
  { model: { key: SECRET } },
  { permissionMode: `sk-ant-${SECRET}` },
  { resume: SECRET },
])('an error never repeats what may be a secret: %#', (body) => {
  expect(JSON.stringify(refusalOf(body))).not.toContain(SECRET)
})

test('deep nesting is refused, also where the schema would let it through', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`)
  expect(refusalOf({ outputFormat: { type: 'json_schema', schema: deep } })).toMatchObject({
    code: 'invalid_config',
  })
  expect(refusalOf(deep)).toMatchObject({ code: 'invalid_config' })
})

test('a hundred thousand values are refused as one error', () => {
  const error = refusalOf({ agents: { a: { tools: Array.from({ length: 150_000 }, () => 5) } } })
  expect(error).toMatchObject({ code: 'invalid_config' })
  expect(JSON.stringify(error).length).toBeLessThan(500)
})

test('a field named __proto__ is refused at every depth and changes no object', () => {
  for (const json of [
    '{"__proto__":{"model":"x"}}',
    '{"env":{"__proto__":"x"}}',
    '{"agents":{"__proto__":{"model":"x"}}}',
  ]) {
    expect(refusalOf(JSON.parse(json))).toMatchObject({ code: 'invalid_config' })
  }
  expect(({} as Record<string, unknown>)['model']).toBeUndefined()
})

test('servers and agents may have names that objects have by themselves', () => {
  const body = { mcpServers: { constructor: { command: 'x' }, toString: { command: 'y' } } }
  expect(acceptConfig(body, {})).toEqual(body)
})

test('options that would not fit on the command line are refused before a process is started with them', () => {
  expect(
    refusalOf({ allowedTools: ['x'.repeat(60_000)], disallowedTools: ['x'.repeat(60_000)] }).message,
  ).toContain('120008')
  expect(refusalOf({ env: { A: 'x'.repeat(130_000) } })).toMatchObject({ code: 'invalid_config' })
  expect(acceptConfig({ systemPrompt: 'x'.repeat(500_000) }, {}).systemPrompt).toHaveLength(500_000)
})

test('a long name or value does not make a long error', () => {
  expect(refusalOf({ ['x'.repeat(10_000)]: 1 }).message.length).toBeLessThan(300)
  expect(refusalOf({ permissionMode: 'x'.repeat(10_000) }).message.length).toBeLessThan(300)
})

test('what is no JSON is refused, not passed on', () => {
  for (const value of [() => 1, 1n, Symbol('x'), Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(refusalOf({ agents: { a: { description: value } } })).toMatchObject({ code: 'invalid_config' })
  }
})
