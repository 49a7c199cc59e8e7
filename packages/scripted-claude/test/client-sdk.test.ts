import Anthropic from '@anthropic-ai/sdk'
import { expect, test } from 'vitest'
import type { ScriptedClaude } from '../src/index.ts'
import { startRules, startSteps } from './support/scripted.ts'

/** The official client, for a scripted server. */
function clientFor(claude: ScriptedClaude, apiKey = 'sk-test-fake', maxRetries = 0): Anthropic {
  return new Anthropic({ baseURL: claude.url, apiKey, authToken: null, maxRetries, logLevel: 'off' })
}

const request = {
  model: 'claude-opus-5-5',
  max_tokens: 1024,
  messages: [{ role: 'user' as const, content: 'go' }],
}

test('the official client reads a whole message', async () => {
  const claude = await startSteps([{ text: 'Hello' }])
  const message = await clientFor(claude).messages.create(request)
  expect(message).toMatchObject({ content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn' })
  expect(message._request_id).toBe(claude.requests[0]?.id)
})

test('the official client puts a stream together to the message that was scripted', async () => {
  const claude = await startSteps([
    { thinking: 'Let me see.', signature: 'c2ln' },
    { text: 'I look, ' },
    { text: 'ünïcödé 😀.' },
    { toolUse: { name: 'Bash', id: 'toolu_1', input: { command: 'ls', deep: [{ a: null }] } } },
    { usage: { input_tokens: 5, output_tokens: 6 } },
  ])
  const stream = clientFor(claude).messages.stream(request)
  let said = ''
  stream.on('text', (piece) => (said += piece))
  const message = await stream.finalMessage()
  expect(said).toBe('I look, ünïcödé 😀.')
  expect(message.content).toMatchObject([
    { type: 'thinking', thinking: 'Let me see.', signature: 'c2ln' },
    { type: 'text', text: 'I look, ünïcödé 😀.' },
    { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls', deep: [{ a: null }] } },
  ])
  expect(message).toMatchObject({ stop_reason: 'tool_use', usage: { input_tokens: 5, output_tokens: 6 } })
})

test.each([
  [400, Anthropic.BadRequestError],
  [401, Anthropic.AuthenticationError],
  [403, Anthropic.PermissionDeniedError],
  [404, Anthropic.NotFoundError],
  [429, Anthropic.RateLimitError],
  [500, Anthropic.InternalServerError],
  [529, Anthropic.InternalServerError],
])('the official client reads an error %i as its own class', async (status, type) => {
  const claude = await startSteps([{ error: { status, message: 'as scripted' } }])
  const failure = await clientFor(claude)
    .messages.create(request)
    .catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(type)
  expect(failure).toMatchObject({ status, message: expect.stringContaining('as scripted') })
})

test('the official client tries again after a 429, as retry-after says', async () => {
  const claude = await startRules([
    { times: 1, steps: [{ error: { status: 429, retryAfterSeconds: 1 } }] },
    { steps: [{ text: 'now' }] },
  ])
  const startedAt = performance.now()
  const message = await clientFor(claude, 'k', 2).messages.create(request)
  expect(message.content).toMatchObject([{ text: 'now' }])
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(950)
})

test('the official client does not try an unmatched request again', async () => {
  const claude = await startRules([])
  await expect(clientFor(claude, 'k', 5).messages.create(request)).rejects.toThrow(
    'no rule of the script fits',
  )
  expect(claude.requests).toHaveLength(1)
})

test('an error in mid-stream reaches the reader of the stream', async () => {
  const claude = await startSteps([{ text: 'so far' }, { error: { status: 529, message: 'too busy' } }])
  const stream = clientFor(claude).messages.stream(request)
  await expect(stream.finalMessage()).rejects.toThrow('too busy')
})

test('a cut stream reaches the reader as an error of the connection', async () => {
  const claude = await startSteps([{ text: 'so far' }, { cut: true }])
  const stream = clientFor(claude).messages.stream(request)
  await expect(stream.finalMessage()).rejects.toThrow()
})

test('the official client counts tokens and lists models', async () => {
  const claude = await startSteps([], { models: ['claude-a', 'claude-b'] })
  const client = clientFor(claude)
  const { max_tokens: _limit, ...countable } = request
  expect((await client.messages.countTokens(countable)).input_tokens).toBeGreaterThan(0)
  const ids: string[] = []
  for await (const model of client.models.list()) ids.push(model.id)
  expect(ids).toEqual(['claude-a', 'claude-b'])
  expect(await client.models.retrieve('claude-a')).toMatchObject({ id: 'claude-a' })
  await expect(client.models.retrieve('claude-c')).rejects.toBeInstanceOf(Anthropic.NotFoundError)
})

test('the official client is let in with the right key only', async () => {
  const claude = await startSteps([{ text: 'in' }], { apiKey: 'right' })
  await expect(clientFor(claude, 'wrong').messages.create(request)).rejects.toBeInstanceOf(
    Anthropic.AuthenticationError,
  )
  expect(await clientFor(claude, 'right').messages.create(request)).toMatchObject({
    content: [{ text: 'in' }],
  })
})
