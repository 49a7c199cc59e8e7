import { describe, expect, test } from 'vitest'
import { MAX_LEASE_MS, MIN_LEASE_MS } from '../../protocol/src/lease.ts'
import { docker } from '../src/docker/docker.ts'
import { e2b } from '../src/e2b/e2b.ts'
import { local } from '../src/local/local.ts'
import { checkCreateOptions, MAX_TIMEOUT_MS, readTimeout } from '../src/options.ts'
import type { CreateOptions } from '../src/provider.ts'
import { failure, shown } from './failure.ts'
import { MARK, WRONG_TIMES, wrongOptions } from './wrong-options.ts'

const ENGINES = {
  docker: docker({ command: 'docker-that-is-not-installed' }),
  e2b: e2b({ apiKey: 'none', apiUrl: 'http://127.0.0.1:1', sandboxUrl: 'http://127.0.0.1:1' }),
  local: local({ folder: '/dev/null/nowhere', bubblewrap: false }),
}

describe.each(Object.entries(ENGINES))('%s, before it is asked for anything,', (_, provider) => {
  test.each(Object.entries(wrongOptions()))(
    'refuses a wrong %s and does not show it',
    async (field, options) => {
      const error = await failure(provider.create(options))
      expect([error.code, error.message]).toEqual(['invalid_options', expect.stringContaining(field)])
      expect(shown(error)).not.toContain(MARK)
    },
  )

  test.each(WRONG_TIMES)('refuses %d ms, at connect too', async (timeoutMs) => {
    expect((await failure(provider.create({ timeoutMs }))).code).toBe('invalid_options')
    const again = await failure(provider.connect(`${provider.engine}:0123456789abcdef`, { timeoutMs }))
    expect(again.code).toBe('invalid_options')
  })
})

test('what people give is taken', () => {
  const given: CreateOptions[] = [
    {},
    { envs: { ANTHROPIC_API_KEY: 'key', PEM: 'two\nlines', _x1: '', http_proxy: 'http://p:1' } },
    { metadata: { 'user id': 'Zoë ✓', empty: '' }, timeoutMs: 1_000, onTimeout: 'pause' },
    {
      template: 'registry.example.com:5000/team/image:1.2@sha256:abc',
      resources: { cpus: 0.5, memoryMb: 512 },
    },
    { template: 'claude-agent-server', resources: { pids: 64 }, timeoutMs: 86_400_000 },
    { network: { internet: false, injectHeaders: { '*.example.com': { 'x-api-key': 'key' } } } },
  ]
  for (const options of given)
    expect(() => checkCreateOptions(options), JSON.stringify(options)).not.toThrow()
})

test('the longest metadata fit into one argument of a command', () => {
  const metadata = Object.fromEntries(
    Array.from({ length: 32 }, (_, at) => [`${at}`.padEnd(100, '✓'), '✓'.repeat(1000)]),
  )
  checkCreateOptions({ metadata })
  expect(Buffer.byteLength(JSON.stringify(metadata))).toBeLessThan(128 * 1024 - 100)
  expect(() => checkCreateOptions({ metadata: { ...metadata, more: '' } })).toThrow(/too many/)
})

test('timeouts have the bounds of the lease of the server', () => {
  expect(MAX_TIMEOUT_MS).toBe(MAX_LEASE_MS)
  expect([readTimeout(MIN_LEASE_MS), readTimeout(MAX_LEASE_MS)]).toEqual([1_000, 86_400_000])
  for (const timeoutMs of [MIN_LEASE_MS - 1, MAX_LEASE_MS + 1]) expect(() => readTimeout(timeoutMs)).toThrow()
})
