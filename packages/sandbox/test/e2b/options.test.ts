import { expect, test } from 'vitest'
import { endpointOf } from '../../src/e2b/e2b-endpoint.ts'
import { readE2bOptions } from '../../src/e2b/e2b-options.ts'

const sandbox = { sandboxId: 'i1', getHost: (port: number) => `${port}-i1.example.dev` }

test('a sandbox has a name of its own, unless all share a URL', () => {
  expect(endpointOf(sandbox, undefined, 3000)).toEqual({ url: 'https://3000-i1.example.dev', headers: {} })
  expect(endpointOf({ ...sandbox, trafficAccessToken: 't' }, 'https://sandbox.example.dev', 8080)).toEqual({
    url: 'https://sandbox.example.dev',
    headers: { 'E2b-Sandbox-Id': 'i1', 'E2b-Sandbox-Port': '8080', 'e2b-traffic-access-token': 't' },
  })
})

test('which way it is follows from what was given, else from the environment', () => {
  const shared = (...given: Parameters<typeof readE2bOptions>): string | undefined =>
    readE2bOptions(...given).sharedUrl
  expect(shared({}, {})).toBeUndefined()
  expect(shared({ domain: 'example.dev' }, {})).toBeUndefined()
  expect(shared({ apiUrl: 'https://api.example.dev' }, {})).toBeUndefined()
  expect(shared({ apiUrl: 'http://10.0.0.7:3000/api' }, {})).toBe('http://10.0.0.7:3000')
  expect(shared({ apiUrl: 'http://[::1]:3000' }, {})).toBe('http://[::1]:3000')
  expect(shared({ apiUrl: 'http://10.0.0.7:3000', domain: 'example.dev' }, {})).toBeUndefined()
  expect(shared({ apiUrl: 'http://localhost:1', sandboxUrl: 'http://localhost:2/' }, {})).toBe(
    'http://localhost:2',
  )
  expect(shared({}, { E2B_API_URL: 'http://localhost:1' })).toBe('http://localhost:1')
  expect(readE2bOptions({ apiKey: 'mine' }, { E2B_API_KEY: 'theirs' }).connection).toMatchObject({
    apiKey: 'mine',
    debug: false,
  })
})
