import { expect, test } from 'vitest'
import { ApiError, ScriptedClaudeError, scriptFailure } from '../src/errors.ts'

test.each([
  [400, 'invalid_request_error', 'Invalid request'],
  [401, 'authentication_error', 'invalid x-api-key'],
  [404, 'not_found_error', 'Not found'],
  [429, 'rate_limit_error', 'This request would exceed your rate limit'],
  [500, 'api_error', 'Internal server error'],
  [529, 'overloaded_error', 'Overloaded'],
  [418, 'api_error', 'Internal server error'],
])('an error %i is by default a %s: %s', (status, type, message) => {
  const error = new ApiError({ status })
  expect(error).toMatchObject({ name: 'ApiError', status, type, message, headers: {} })
  expect(error.toBody('req_1')).toEqual({ type: 'error', error: { type, message }, request_id: 'req_1' })
})

test('a type of its own brings the message of that type', () => {
  expect(new ApiError({ status: 400, type: 'billing_error' }).message).toContain('credit balance')
})

test('headers are copied, so that a step can be played again', () => {
  const headers = { 'x-a': '1' }
  const error = new ApiError({ status: 429, retryAfterSeconds: 1.5, headers })
  expect(error.headers).toEqual({ 'x-a': '1', 'retry-after': '1.5' })
  expect(headers).toEqual({ 'x-a': '1' })
})

test('retry-after may be 0', () => {
  expect(new ApiError({ status: 429, retryAfterSeconds: 0 }).headers).toEqual({ 'retry-after': '0' })
})

test('an error of the API stays what it is when a script throws it', () => {
  const error = new ApiError({ status: 529 })
  expect(scriptFailure(error)).toBe(error)
})

test.each([
  [new TypeError('x is undefined'), 'x is undefined'],
  ['just a word', 'just a word'],
  [undefined, 'undefined'],
])('whatever else a script throws (%s) is a 400 that is not tried again', (thrown, words) => {
  expect(scriptFailure(thrown)).toMatchObject({
    status: 400,
    message: `scripted-claude: the script failed: ${words}`,
    headers: { 'x-should-retry': 'false' },
  })
})

test('an error of the server carries code, hint and cause', () => {
  const cause = new Error('why')
  const error = new ScriptedClaudeError({ code: 'cannot_listen', message: 'No.', hint: 'Try again.', cause })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({
    name: 'ScriptedClaudeError',
    code: 'cannot_listen',
    hint: 'Try again.',
    cause,
  })
  expect(
    new ScriptedClaudeError({ code: 'invalid_option', message: 'No.', hint: 'Look.' }),
  ).not.toHaveProperty('cause')
})
