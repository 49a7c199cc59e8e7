import { expect, test } from 'vitest'
import { assistant, bodyOf, system, text, toolResult, toolUse, user } from './support/conversation.ts'
import { startSteps } from './support/scripted.ts'
import { post } from './support/wire.ts'

const good = bodyOf('hello')

/** The good body without a field. */
function without(field: string): object {
  return Object.fromEntries(Object.entries(good).filter(([name]) => name !== field))
}

const refused: [string, unknown, RegExp][] = [
  ['no model', without('model'), /^model: Field required$/],
  ['an empty model', { ...good, model: '' }, /^model: /],
  ['a model that is no string', { ...good, model: 5 }, /^model: Input should be a valid string$/],
  ['no max_tokens', without('max_tokens'), /^max_tokens: Field required$/],
  ['max_tokens of 0', { ...good, max_tokens: 0 }, /^max_tokens: .*greater than or equal to 1$/],
  ['max_tokens in words', { ...good, max_tokens: 'many' }, /^max_tokens: /],
  ['no messages', without('messages'), /^messages: Field required$/],
  ['messages that are no list', { ...good, messages: 'hello' }, /^messages: Input should be a valid array$/],
  ['an empty conversation', { ...good, messages: [] }, /^messages: at least one message is required$/],
  ['an assistant who begins', bodyOf([assistant('hi')]), /first message must use the "user" role/],
  ['a system message alone', bodyOf([system('hi')]), /first message must use the "user" role/],
  ['a message that is no object', { ...good, messages: ['hi'] }, /^messages\.0: /],
  ['a message without role', bodyOf([{ content: 'hi' } as never]), /^messages\.0\.role: Field required$/],
  ['an unknown role', bodyOf([user('a'), { role: 'tool', content: 'b' } as never]), /^messages\.1\.role: /],
  [
    'a message without content',
    bodyOf([{ role: 'user' } as never]),
    /^messages\.0\.content: Field required$/,
  ],
  ['content that is a number', bodyOf([{ role: 'user', content: 5 } as never]), /^messages\.0\.content: /],
  ['a block without type', bodyOf([user([{ text: 'a' } as never])]), /^messages\.0\.content\.0\.type: /],
  ['a text block without text', bodyOf([user([{ type: 'text' }])]), /^messages\.0\.content\.0\.text\.text: /],
  ['an empty text block', bodyOf([user([text('')])]), /text content blocks must be non-empty/],
  [
    'a tool_use without id',
    bodyOf([user('a'), assistant([{ type: 'tool_use', name: 'A' }])]),
    /tool_use\.id: /,
  ],
  [
    'a tool_use without name',
    bodyOf([user('a'), assistant([{ type: 'tool_use', id: 'a' }])]),
    /tool_use\.name: /,
  ],
  ['a tool_result without id', bodyOf([user([{ type: 'tool_result' }])]), /tool_result\.tool_use_id: /],
  ['a stream that is no boolean', { ...good, stream: 'yes' }, /^stream: /],
  ['tools that are no list', { ...good, tools: {} }, /^tools: /],
  ['a tool without name', { ...good, tools: [{}] }, /^tools\.0\.name: Field required$/],
  ['a list', [], /^Request body must be a JSON object$/],
  ['null', null, /^Request body must be a JSON object$/],
]

test.each(refused)('%s is a 400 that names the field', async (_what, body, message) => {
  const claude = await startSteps([{ text: 'never' }])
  const response = await post(claude, body as never)
  expect(response.status).toBe(400)
  const answer = (await response.json()) as { error: { type: string; message: string } }
  expect(answer.error.type).toBe('invalid_request_error')
  expect(answer.error.message).toMatch(message)
})

const accepted: [string, unknown][] = [
  ['a conversation', bodyOf([user('a'), assistant('b'), user('c')])],
  [
    'system messages in between',
    bodyOf([user('a'), system('note'), assistant('b'), system('note'), user('c')]),
  ],
  ['two user messages in a row', bodyOf([user('a'), user('b')])],
  ['a prefilled answer', bodyOf([user('a'), assistant('b')])],
  ['fields that this server does not know', { ...good, thinking: { type: 'adaptive' }, novelty: 1 }],
  ['a picture', bodyOf([user([{ type: 'image', source: { type: 'url', url: 'x' } }])])],
  [
    'a tool call and its result',
    bodyOf([user('a'), assistant([toolUse('t', 'A')]), user([toolResult('t', 'r')])]),
  ],
]

test.each(accepted)('%s is answered', async (_what, body) => {
  const claude = await startSteps([{ text: 'fine' }])
  expect((await post(claude, body as never)).status).toBe(200)
})

test('a body that is no JSON is a 400', async () => {
  const claude = await startSteps([{ text: 'never' }])
  const response = await fetch(`${claude.url}/v1/messages`, { method: 'POST', body: '{"model":' })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    error: { type: 'invalid_request_error', message: expect.stringContaining('not valid JSON') },
  })
})

test('an empty body is a 400', async () => {
  const claude = await startSteps([{ text: 'never' }])
  expect((await fetch(`${claude.url}/v1/messages`, { method: 'POST' })).status).toBe(400)
})

test('a body beyond the limit is a 413, and the server lives on', async () => {
  const claude = await startSteps([{ text: 'fine' }], { maxBodyBytes: 10_000 })
  const response = await post(claude, bodyOf('x'.repeat(20_000)))
  expect(response.status).toBe(413)
  expect(await response.json()).toMatchObject({ error: { type: 'request_too_large' } })
  expect((await post(claude, 'small')).status).toBe(200)
})

test('a refused request says in the record why', async () => {
  const claude = await startSteps([{ text: 'never' }])
  await post(claude, without('model') as never)
  expect(claude.requests[0]).toMatchObject({
    failure: 'model: Field required',
    kind: undefined,
    rule: undefined,
  })
})
