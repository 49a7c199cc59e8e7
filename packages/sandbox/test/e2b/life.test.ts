import { expect, test } from 'vitest'
import { Sandbox as E2bSandbox } from 'e2b'
import { ask } from '../../src/http.ts'
import type { Sandbox } from '../../src/provider.ts'
import { readHealth } from '../../src/ready.ts'
import { failure } from '../failure.ts'
import { until } from '../until.ts'
import { killServer } from './engine.ts'
import { openProvider, SECRET } from './world.ts'

async function speak(sandbox: Sandbox): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${sandbox.token}` }
  return (await ask(await sandbox.endpoint(), { path: '/x', headers, timeoutMs: 5000 })).body
}

test('a server that died is started again with the same token and the variables that connect brings', async () => {
  const { double, provider } = await openProvider()
  const sandbox = await provider.create({ envs: { ANTHROPIC_API_KEY: SECRET }, metadata: { a: 'b' } })
  const { pid } = await speak(sandbox)
  await killServer(double, sandbox.id)
  const steps: string[] = []
  const again = await provider.connect(sandbox.id, {
    envs: { OTHER: 'x' },
    onProgress: ({ step }) => steps.push(step),
  })
  expect(again).toMatchObject({ id: sandbox.id, token: sandbox.token, metadata: { a: 'b' } })
  const said = await speak(again)
  expect(said['variables']).toEqual(['CLAUDE_AGENT_TOKEN', 'OTHER'])
  expect(said['pid']).not.toBe(pid)
  expect(steps).toEqual(['create', 'start', 'unseal', 'ready'])
  // It lives beyond the minute after which E2B ends commands that have a timeout.
  const started = double.record.find('POST', '/process.Process/Start').at(-1)!
  expect(started.headers).not.toHaveProperty('connect-timeout-ms')
})

test('a sandbox that was made but never unsealed is unsealed by connect', async () => {
  const { double, provider } = await openProvider()
  const metadata = { 'claude-agent-server': '1' }
  const made = await E2bSandbox.create('claude-agent-server', { ...double.connection, metadata })
  const sandbox = await provider.connect(`e2b:${made.sandboxId}`, { envs: { ANTHROPIC_API_KEY: SECRET } })
  expect((await speak(sandbox))['variables']).toEqual(['ANTHROPIC_API_KEY', 'CLAUDE_AGENT_TOKEN'])
})

test('a sandbox of somebody else is not found, and not woken', async () => {
  const { double, provider } = await openProvider()
  const foreign = await E2bSandbox.create('empty', double.connection)
  await foreign.pause()
  expect((await failure(provider.connect(`e2b:${foreign.sandboxId}`))).code).toBe('sandbox_not_found')
  expect((await foreign.getInfo()).state).toBe('paused')
  expect(await provider.list()).toEqual([])
})

test('a sandbox that its timeout paused wakes for a request, and its server is the same', async () => {
  const { double, provider } = await openProvider()
  const sandbox = await provider.create({ onTimeout: 'pause' })
  const { pid } = await speak(sandbox)
  await sandbox.extend(1000)
  await until('it is paused', async () => (await provider.list())[0]?.state === 'paused')
  expect((await speak(sandbox))['pid']).toBe(pid)
  expect((await provider.list())[0]?.state).toBe('running')
  expect(double.record.find('POST', /connect$/)).toEqual([])
})

test('who listens for a loss does not wake a paused sandbox, and an extension of it is no loss', async () => {
  const { double, provider } = await openProvider()
  const sandbox = await provider.create({ onTimeout: 'pause' })
  const losses: Error[] = []
  sandbox.onLost((error) => losses.push(error))
  await sandbox.pause()
  await sandbox.pause()
  const looks = (): number => double.record.find('GET', /^\/sandboxes\//).length
  const before = looks()
  await until('it is looked for', () => looks() > before + 2)
  await sandbox.extend(60_000)
  expect([losses, (await provider.list())[0]?.state]).toEqual([[], 'paused'])
})

test('nobody looks for a sandbox without a listener, and no listener hears twice', async () => {
  const { double, provider } = await openProvider()
  const sandbox = await provider.create()
  const heard: string[] = []
  sandbox.onLost((error) => heard.push(error.message))()
  sandbox.onLost((error) => heard.push((error as { code?: string }).code ?? ''))
  await double.remove(sandbox.id.slice('e2b:'.length))
  expect((await failure(sandbox.extend(1000))).code).toBe('sandbox_not_found')
  expect((await failure(sandbox.extend(1000))).code).toBe('sandbox_not_found')
  await sandbox.kill()
  expect(heard).toEqual(['sandbox_not_found'])
  const looks = double.record.requests.length
  await new Promise((go) => setTimeout(go, 200))
  expect(double.record.requests).toHaveLength(looks)
})

test('all pages of a list are read, with the caller’s own words only', async () => {
  const { double, provider } = await openProvider()
  for (let count = 0; count < 103; count += 1) double.pretend({ 'claude-agent-server': '1', n: 'x' })
  const found = await provider.list({ metadata: { n: 'x' } })
  expect(found).toHaveLength(103)
  expect(found[0]?.metadata).toEqual({ n: 'x' })
})

test('another port of a sandbox has an endpoint of its own', async () => {
  const { provider } = await openProvider()
  const sandbox = await provider.create()
  expect((await sandbox.endpoint(8080)).headers).toMatchObject({ 'E2b-Sandbox-Port': '8080' })
  expect(await readHealth(await sandbox.endpoint(8080))).toBeUndefined()
})
