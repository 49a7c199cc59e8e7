import { Sandbox } from 'e2b'
import { existsSync } from 'node:fs'
import { ask } from '../support/http.ts'
import { until } from '../support/until.ts'
import { describe, expect, marked, openSandbox, route, test } from './e2b-world.ts'

describe('control plane', () => {
  test('the unmodified SDK creates, finds, extends and kills a sandbox, and nothing of it is left', async ({
    startDouble,
  }) => {
    const double = await startDouble()
    const sandbox = await Sandbox.create('claude-agent-server', {
      ...double.connection,
      timeoutMs: 60_000,
      metadata: { who: 'a test & more' },
    })
    const { root } = double.sandboxes.get(sandbox.sandboxId)!
    expect(await marked(sandbox.sandboxId)).not.toEqual([])
    const info = await sandbox.getInfo()
    expect(info).toMatchObject({ state: 'running', metadata: { who: 'a test & more' } })
    await sandbox.setTimeout(3_600_000)
    expect((await sandbox.getInfo()).endAt.getTime()).toBeGreaterThan(info.endAt.getTime() + 3_000_000)
    expect(await sandbox.isRunning()).toBe(true)
    expect(await sandbox.kill()).toBe(true)
    expect(await sandbox.isRunning()).toBe(false)
    expect(await Sandbox.kill(sandbox.sandboxId, double.connection)).toBe(false)
    expect(await marked(sandbox.sandboxId)).toEqual([])
    expect(existsSync(root)).toBe(false)
    await expect(Sandbox.connect(sandbox.sandboxId, double.connection)).rejects.toThrow(/not found/)
    await expect(Sandbox.create('nothing', double.connection)).rejects.toThrow(/template 'nothing' not found/)
  })

  test('lists are filtered by metadata and come in pages', async ({ startDouble }) => {
    const double = await startDouble()
    const make = (metadata: Record<string, string>): Promise<Sandbox> =>
      Sandbox.create('base', { ...double.connection, metadata })
    for (const n of ['1', '2', '3']) await make({ kind: 'a=b&c', n })
    await make({ kind: 'other' })
    const pages = Sandbox.list({ ...double.connection, query: { metadata: { kind: 'a=b&c' } }, limit: 2 })
    const first = await pages.nextItems()
    const second = await pages.nextItems()
    expect([...first, ...second].map(({ metadata }) => metadata['n'])).toEqual(['3', '2', '1'])
    expect([first.length, pages.hasNext]).toEqual([2, false])
  })

  test('wrong keys, full quotas, long timeouts and ordered failures are answered as E2B does', async ({
    startDouble,
  }) => {
    const double = await startDouble({ maxSandboxes: 1, maxTimeoutMs: 3_600_000 })
    const named = { name: 'AuthenticationError' }
    const elsewhere = { ...double.connection, apiKey: `e2b_${'1'.repeat(40)}` }
    await expect(Sandbox.create('base', elsewhere)).rejects.toMatchObject(named)
    const long = { ...double.connection, timeoutMs: 3_601_000 }
    await expect(Sandbox.create('base', long)).rejects.toThrow(/^400: Timeout/)
    const sandbox = await Sandbox.create('base', double.connection)
    await expect(Sandbox.create('base', double.connection)).rejects.toMatchObject({ name: 'RateLimitError' })
    double.failures.order({ method: 'POST', path: /timeout$/, status: 503 })
    await expect(sandbox.setTimeout(1000)).rejects.toThrow(/503|unavailable/)
    await sandbox.setTimeout(1000)
  })

  test('the timeout is absolute and kills, unless it was said to pause', async ({ startDouble }) => {
    const double = await startDouble()
    const short = { ...double.connection, timeoutMs: 1000 }
    const killed = await Sandbox.create('base', short)
    const paused = await Sandbox.create('base', { ...short, lifecycle: { onTimeout: 'pause' } })
    await until('the first is gone', () => !double.sandboxes.has(killed.sandboxId))
    await until('the second is paused', () => double.sandboxes.get(paused.sandboxId)?.state === 'paused')
    expect((await paused.getInfo()).state).toBe('paused')
  })

  test.for(['old', 'new'] as const)(
    'a %s control plane knows its own addresses only',
    async (version, { startDouble }) => {
      const { url, apiKey } = await startDouble({ version })
      const post = async (path: string): Promise<number> =>
        (
          await ask(`${url}${path}`, {
            method: 'POST',
            headers: { 'x-api-key': apiKey },
            body: { templateID: 'base' },
          })
        ).status
      const expected = version === 'old' ? [201, 404] : [404, 201]
      expect([await post('/sandboxes'), await post('/v2/sandboxes')]).toEqual(expected)
    },
  )
})

test('the record has every request with its headers and body, so that a secret is found wherever it went', async ({
  startDouble,
}) => {
  const double = await startDouble()
  const sandbox = await openSandbox(double)
  const secret = 'its-token'
  await ask(`${double.url}/${secret}`, { headers: route(sandbox, 3000) })
  expect(double.record.find('POST', /^(\/v2)?\/sandboxes$/)).toMatchObject([
    { door: 'control', status: 201, headers: { 'x-api-key': double.apiKey } },
  ])
  const holding = double.record.holding(secret)
  expect(new Set(holding.map(({ door }) => door))).toEqual(new Set(['envd', 'port']))
  expect(double.record.find('POST', '/files')[0]).toMatchObject({
    door: 'envd',
    sandboxId: sandbox.sandboxId,
  })
})
