import { expect, test } from 'vitest'
import { startSteps } from './support/scripted.ts'
import { post } from './support/wire.ts'

const steps = [{ text: 'fine' }]

test('without an expectation any credentials will do, and none', async () => {
  const claude = await startSteps(steps)
  expect((await post(claude, 'go')).status).toBe(200)
  expect((await post(claude, 'go', { headers: { 'x-api-key': 'anything' } })).status).toBe(200)
  expect((await post(claude, 'go', { headers: { authorization: 'Bearer anything' } })).status).toBe(200)
})

test('with apiKey the right key passes, as x-api-key or as bearer token', async () => {
  const claude = await startSteps(steps, { apiKey: 'right' })
  expect((await post(claude, 'go', { headers: { authorization: 'Bearer right' } })).status).toBe(200)
  expect((await post(claude, 'go', { headers: { 'x-api-key': 'right' } })).status).toBe(200)
})

const refused: [string, Record<string, string>, string][] = [
  ['a wrong key', { 'x-api-key': 'wrong' }, 'invalid x-api-key'],
  ['an empty key', { 'x-api-key': '' }, 'invalid x-api-key'],
  ['no key', {}, 'x-api-key header is required'],
  ['a wrong bearer token', { authorization: 'Bearer wrong' }, 'Invalid bearer token'],
  ['another scheme', { authorization: 'Basic right' }, 'x-api-key header is required'],
  [
    'a wrong key beside the right token',
    { 'x-api-key': 'wrong', authorization: 'Bearer right' },
    'invalid x-api-key',
  ],
]

test.each(refused)('with apiKey %s is a 401 in the shape of the API', async (_what, headers, message) => {
  const claude = await startSteps(steps, { apiKey: 'right' })
  const response = await post(claude, 'go', { headers })
  expect(response.status).toBe(401)
  expect(await response.json()).toMatchObject({
    type: 'error',
    error: { type: 'authentication_error', message },
  })
})

test('with authToken the right token passes, others and keys do not', async () => {
  const claude = await startSteps(steps, { authToken: 'token' })
  expect((await post(claude, 'go', { headers: { authorization: 'Bearer token' } })).status).toBe(200)
  expect((await post(claude, 'go', { headers: { authorization: 'bearer token' } })).status).toBe(200)
  expect((await post(claude, 'go', { headers: { authorization: 'Bearer other' } })).status).toBe(401)
  expect((await post(claude, 'go', { headers: { 'x-api-key': 'token' } })).status).toBe(401)
})

test('with both either will do', async () => {
  const claude = await startSteps(steps, { apiKey: 'key', authToken: 'token' })
  expect((await post(claude, 'go', { headers: { 'x-api-key': 'key' } })).status).toBe(200)
  expect((await post(claude, 'go', { headers: { authorization: 'Bearer token' } })).status).toBe(200)
  expect((await post(claude, 'go', { headers: { 'x-api-key': 'token' } })).status).toBe(401)
})

test('models and count_tokens are behind the same door', async () => {
  const claude = await startSteps(steps, { apiKey: 'right' })
  expect((await fetch(`${claude.url}/v1/models`)).status).toBe(401)
  expect((await fetch(`${claude.url}/v1/messages/count_tokens`, { method: 'POST', body: '{}' })).status).toBe(
    401,
  )
  expect((await fetch(`${claude.url}/v1/models`, { headers: { 'x-api-key': 'right' } })).status).toBe(200)
})

test('a refused request with a long body leaves the connection usable', async () => {
  const claude = await startSteps(steps, { apiKey: 'right' })
  expect((await post(claude, 'x'.repeat(1_000_000))).status).toBe(401)
  expect((await post(claude, 'go', { headers: { 'x-api-key': 'right' } })).status).toBe(200)
})
