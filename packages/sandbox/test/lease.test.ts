import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { extendLease } from '../src/lease.ts'
import { failure, shown } from './failure.ts'
import { serve } from './http-server.ts'

const token = 'the-token-of-this-test'

test('a lease is extended with the token, the headers of the endpoint, and the time', async () => {
  const seen: unknown[] = []
  const endpoint = await serve((request, response) => {
    const { authorization, 'x-route': route } = request.headers
    void text(request).then((body) => {
      seen.push([request.method, request.url, authorization, route, body])
      response.end('{"timeoutMs":5000}')
    })
  })
  await extendLease({ endpoint, token, timeoutMs: 5_000 })
  expect(seen).toEqual([['POST', '/lease', `Bearer ${token}`, 'here', '{"timeoutMs":5000}']])
})

test.each([
  [401, 'unauthorized'],
  [400, 'not_supported'],
  [404, 'not_supported'],
  [502, 'engine_unreachable'],
])('an answer %i is %s, without the token', async (status, code) => {
  const endpoint = await serve((_, response) => response.writeHead(status).end())
  const error = await failure(extendLease({ endpoint, token, timeoutMs: 5_000 }))
  expect(error.code).toBe(code)
  expect(shown(error)).not.toContain(token)
})

test('a server that is not there is engine_unreachable, and an end of the wait aborted', async () => {
  const endpoint = { url: 'http://127.0.0.1:1', headers: {} }
  expect((await failure(extendLease({ endpoint, token, timeoutMs: 5_000 }))).code).toBe('engine_unreachable')
  const signal = AbortSignal.abort()
  expect((await failure(extendLease({ endpoint, token, timeoutMs: 5_000, signal }))).code).toBe('aborted')
})
