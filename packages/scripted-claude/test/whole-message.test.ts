import { expect, test } from 'vitest'
import { startSteps } from './support/scripted.ts'
import { bodyOf } from './support/conversation.ts'
import { ask, post } from './support/wire.ts'

test('without stream the answer is one message', async () => {
  const claude = await startSteps([{ text: 'Hello' }])
  expect(await ask(claude)).toEqual({
    id: expect.stringMatching(/^msg_01\w+$/),
    type: 'message',
    role: 'assistant',
    model: 'claude-test-1',
    content: [{ type: 'text', text: 'Hello' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: expect.any(Number),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 2,
      service_tier: 'standard',
    },
  })
})

test('stream: false is the same as no stream', async () => {
  const claude = await startSteps([{ text: 'Hello' }])
  const response = await post(claude, bodyOf('go', { stream: false }))
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.json()).toMatchObject({ content: [{ text: 'Hello' }] })
})

test('thinking, text and tool calls are blocks in order', async () => {
  const claude = await startSteps([
    { thinking: 'Hm.', signature: 'sig' },
    { text: 'I ' },
    { text: 'look.' },
    { toolUse: { name: 'Bash', id: 'toolu_1', input: { command: 'ls', nested: { list: [1, 'ü'] } } } },
  ])
  const answer = await ask(claude)
  expect(answer.content).toEqual([
    { type: 'thinking', thinking: 'Hm.', signature: 'sig' },
    { type: 'text', text: 'I look.' },
    { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls', nested: { list: [1, 'ü'] } } },
  ])
  expect(answer.stop_reason).toBe('tool_use')
})

test('repetitions are joined, blocks of their own are not', async () => {
  const claude = await startSteps([
    { text: 'ab', repeat: 3 },
    { text: 'c', repeat: 2, each: 'block' },
  ])
  const answer = await ask(claude)
  expect(answer.content).toEqual([
    { type: 'text', text: 'ababab' },
    { type: 'text', text: 'c' },
    { type: 'text', text: 'c' },
  ])
})

test('stop reason and usage can be overridden', async () => {
  const claude = await startSteps([
    { text: 'cut sho' },
    { stopReason: 'max_tokens' },
    { usage: { output_tokens: 3, input_tokens: 11 } },
  ])
  const answer = await ask(claude)
  expect(answer.stop_reason).toBe('max_tokens')
  expect(answer.usage).toMatchObject({ input_tokens: 11, output_tokens: 3 })
})

test('a pace does not hold up an answer that is not streamed', async () => {
  const claude = await startSteps([{ text: 'x', repeat: 1000, pace: { deltasPerSecond: 1 } }])
  const answer = await ask(claude)
  expect(answer.content[0]?.text).toHaveLength(1000)
})

test('an error after content is an HTTP status', async () => {
  const claude = await startSteps([{ text: 'so far' }, { error: { status: 500 } }])
  const response = await post(claude, 'go')
  expect(response.status).toBe(500)
  expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'api_error' } })
})

test('a cut breaks the connection with no answer', async () => {
  const claude = await startSteps([{ text: 'so far' }, { cut: true }])
  await expect(post(claude, 'go')).rejects.toThrow('fetch failed')
})
