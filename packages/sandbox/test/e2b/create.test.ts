import { expect, test } from 'vitest'
import type { E2bDouble } from '../../../../e2e/doubles/e2b/double.ts'
import { SandboxError } from '../../src/errors.ts'
import { ask } from '../../src/http.ts'
import type { Sandbox } from '../../src/provider.ts'
import { failure } from '../failure.ts'
import { until } from '../until.ts'
import { openProvider, SECRET } from './world.ts'

/** What the stub says to who has its token. */
async function speak(sandbox: Sandbox): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${sandbox.token}` }
  return (await ask(await sandbox.endpoint(), { path: '/x', headers, timeoutMs: 5000 })).body
}

/** The body that the last sandbox was asked for with, by whichever address. */
function asked(double: E2bDouble): Record<string, unknown> {
  return JSON.parse(double.record.find('POST', /^(\/v2)?\/sandboxes$/).at(-1)!.body) as Record<
    string,
    unknown
  >
}

test('token and variables go through envd alone: no request to the control plane and no port sees them', async () => {
  const { double, provider } = await openProvider()
  const sandbox = await provider.create({ envs: { ANTHROPIC_API_KEY: SECRET } })
  expect((await speak(sandbox))['variables']).toEqual(['ANTHROPIC_API_KEY', 'CLAUDE_AGENT_TOKEN'])
  expect(double.record.holding(SECRET)).toMatchObject([{ door: 'envd', method: 'POST' }])
  const withToken = double.record.holding(sandbox.token)
  expect(withToken.map(({ door, path }) => `${door} ${path.split('?')[0]}`)).toEqual([
    'envd /files',
    'port /x',
  ])
  expect(double.record.holding(double.apiKey).every(({ door }) => door === 'control')).toBe(true)
})

test('E2B is asked for what was wished: secured, with its timeout, marks, and the end that was named', async () => {
  const { double, provider } = await openProvider()
  await provider.create({ timeoutMs: 90_500, metadata: { who: 'me' } })
  expect(asked(double)).toMatchObject({
    templateID: 'claude-agent-server',
    timeout: 91,
    metadata: { who: 'me', 'claude-agent-server': '1' },
    autoPause: false,
    allow_internet_access: true,
  })
  const paused = await provider.create({ onTimeout: 'pause' })
  expect(asked(double)).toMatchObject({ timeout: 300, autoPause: true, autoResume: { enabled: true } })
  expect(paused.metadata).toEqual({})
})

test('headers are injected by the egress proxy, and without internet only their hosts are reached', async () => {
  const { double, provider } = await openProvider()
  const injectHeaders = { 'api.anthropic.com': { 'x-api-key': SECRET } }
  const rules = { 'api.anthropic.com': [{ transform: { headers: { 'x-api-key': SECRET } } }] }
  await provider.create({ network: { injectHeaders } })
  expect(asked(double)).toMatchObject({ network: { rules } })
  expect(double.record.holding(SECRET).map(({ door }) => door)).toEqual(['control'])
  await provider.create({ network: { injectHeaders, internet: false } })
  const closed = { rules, allowOut: ['api.anthropic.com'], denyOut: ['0.0.0.0/0'] }
  expect(asked(double)).toMatchObject({ network: closed, allow_internet_access: false })
  await provider.create({ network: { internet: false } })
  expect(asked(double)).toMatchObject({ allow_internet_access: false })
  expect(asked(double)).not.toHaveProperty('network')
})

test('without public traffic the endpoint brings the header that the port asks for', async () => {
  const { double, provider } = await openProvider({}, { publicTraffic: false })
  const sandbox = await provider.create()
  const { headers } = await sandbox.endpoint()
  expect(headers).toHaveProperty('e2b-traffic-access-token')
  expect(asked(double)).toMatchObject({ network: { allowPublicTraffic: false } })
  const again = await provider.connect(sandbox.id)
  expect((await again.endpoint()).headers).toEqual(headers)
})

test.for([
  [401, 'unauthorized'],
  [429, 'quota_exceeded'],
  [503, 'quota_exceeded'],
  [500, 'engine_unreachable'],
] as const)('an answer %i is %s', async ([status, code]) => {
  const { double, provider } = await openProvider()
  double.failures.order({ method: 'POST', path: /sandboxes/, status })
  expect((await failure(provider.create())).code).toBe(code)
  expect(await double.remains()).toEqual([])
})

test('a full quota and a timeout that is too long are quota_exceeded, resources not_supported', async () => {
  const { provider } = await openProvider({ maxSandboxes: 1, maxTimeoutMs: 3_600_000 })
  expect((await failure(provider.create({ timeoutMs: 3_601_000 }))).code).toBe('quota_exceeded')
  await provider.create()
  expect((await failure(provider.create())).code).toBe('quota_exceeded')
  const error = await failure(provider.create({ resources: { cpus: 4 } }))
  expect([error.code, error.hint]).toEqual(['not_supported', expect.stringContaining('build:e2b')])
})

test('a server that knows other addresses than the installed e2b is told from a missing template', async () => {
  const codes: string[] = []
  for (const version of ['old', 'new'] as const) {
    const { provider } = await openProvider({ version })
    const error = await provider.create().catch((error: unknown) => error as SandboxError)
    codes.push(error instanceof SandboxError ? `${error.code}: ${error.hint}` : 'made')
  }
  expect(codes.sort()).toEqual(['made', expect.stringMatching(/^not_supported: .*npm install e2b@2\.50/)])
})

test('a template without a server is start_timeout, and nothing is left', async () => {
  const { double, provider } = await openProvider({}, { startTimeoutMs: 300 })
  expect((await failure(provider.create({ template: 'empty' }))).code).toBe('start_timeout')
  expect(await double.remains()).toEqual([])
})

test('a creation that hangs ends at the abort, and what it makes afterwards is killed', async () => {
  const { double, provider } = await openProvider()
  double.failures.order({ method: 'POST', path: /sandboxes/, status: 'hang' })
  const abort = new AbortController()
  const created = failure(provider.create({ signal: abort.signal }))
  await until('it hangs', () => double.failures.held === 1)
  abort.abort()
  double.failures.release()
  expect((await created).code).toBe('aborted')
  expect(double.record.find('DELETE', /sandboxes/)).toHaveLength(1)
  expect(await double.remains()).toEqual([])
})

test('a creation whose answer is lost is engine_unreachable, and what it made is found and killed', async () => {
  const { double, provider } = await openProvider({}, { requestTimeoutMs: 2000 })
  double.templates.add({ templateId: 'slow', names: ['slow'], readyCmd: '[ -e "$E2B_DOUBLE_ROOT/never" ]' })
  expect((await failure(provider.create({ template: 'slow' }))).code).toBe('engine_unreachable')
  expect(await double.remains()).toEqual([])
})
