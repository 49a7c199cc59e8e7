import { expect, test } from 'vitest'
import type { CassetteAnswer } from '../src/cassette/cassette.ts'
import { redactAnswer } from '../src/record/redaction.ts'
import { Secrets } from '../src/record/secrets.ts'

const key = 'plain-old-key'

/** An answer without `key`, in the folder /srv/place. */
function redact(answer: Partial<CassetteAnswer>): CassetteAnswer {
  const secrets = new Secrets()
  secrets.learnHeaders({ 'x-api-key': key })
  return redactAnswer({ status: 200, headers: {}, ...answer }, secrets, '/srv/place')
}

function delta(fields: object, index = 0) {
  return { data: { type: 'content_block_delta', index, delta: fields } }
}

test('a key in an error, a header, a text and the name of a field is removed', () => {
  expect(
    redact({
      headers: { 'x-should-retry': key },
      body: { type: 'error', error: { message: `invalid key ${key}` }, [key]: 1 },
    }),
  ).toEqual({
    status: 200,
    headers: { 'x-should-retry': '[removed]' },
    body: { type: 'error', error: { message: 'invalid key [removed]' }, '[removed]': 1 },
  })
  expect(redact({ text: `oops ${key}` }).text).toBe('oops [removed]')
})

test('a key that the model says in pieces is removed, in each kind of delta', () => {
  const events = [
    delta({ type: 'text_delta', text: 'it is plain-' }),
    delta({ type: 'input_json_delta', partial_json: '{"key":"plain-o' }, 1),
    delta({ type: 'text_delta', text: 'old-' }),
    delta({ type: 'text_delta', text: 'key.' }),
    delta({ type: 'input_json_delta', partial_json: 'ld-key"}' }, 1),
    delta({ type: 'thinking_delta', thinking: 'plain-old' }, 2),
    delta({ type: 'thinking_delta', thinking: '-key' }, 2),
  ]
  expect(redact({ events }).events).toEqual([
    delta({ type: 'text_delta', text: 'it is [removed]' }),
    delta({ type: 'input_json_delta', partial_json: '{"key":"[removed]' }, 1),
    delta({ type: 'text_delta', text: '' }),
    delta({ type: 'text_delta', text: '.' }),
    delta({ type: 'input_json_delta', partial_json: '"}' }, 1),
    delta({ type: 'thinking_delta', thinking: '[removed]' }, 2),
    delta({ type: 'thinking_delta', thinking: '' }, 2),
  ])
})

test('the folder of the agent gives way to a placeholder, in pieces too', () => {
  const events = [
    delta({ type: 'input_json_delta', partial_json: '{"path":"/srv/pl' }),
    delta({ type: 'input_json_delta', partial_json: 'ace/a.txt"}' }),
  ]
  expect(redact({ events }).events).toEqual([
    delta({ type: 'input_json_delta', partial_json: '{"path":"{{workingDirectory}}' }),
    delta({ type: 'input_json_delta', partial_json: '/a.txt"}' }),
  ])
  expect(redact({ body: { content: [{ input: { path: '/srv/place' } }] } }).body).toEqual({
    content: [{ input: { path: '{{workingDirectory}}' } }],
  })
})

test('fields of the account go, but not those that the model says', () => {
  const body = {
    id: 'msg_1',
    request_id: 'r',
    organization_id: 'o',
    account_uuid: 'a',
    user: { email: 'x@example.com', user_id: 'u' },
    content: [{ type: 'tool_use', input: { user_id: 'u', email: 'x@example.com' } }],
  }
  expect(redact({ body }).body).toEqual({
    id: 'msg_1',
    user: {},
    content: [{ type: 'tool_use', input: { user_id: 'u', email: 'x@example.com' } }],
  })
})

test('an error names no organization and nobody', () => {
  const message = 'rate limit of organization 3f2504e0-4f89-11d3-9a0c-0305e82c3301 (a.b@example.com)'
  const error = { type: 'error', error: { type: 'rate_limit_error', message }, request_id: 'r' }
  const expected = {
    type: 'error',
    error: { type: 'rate_limit_error', message: 'rate limit of organization [removed] ([removed])' },
  }
  expect(redact({ body: error }).body).toEqual(expected)
  expect(redact({ events: [{ data: error }] }).events).toEqual([{ data: expected }])
})
