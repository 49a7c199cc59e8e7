import { expect, test, vi } from 'vitest'
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { collect, createAgent, resultOf, saidBlocks } from './support/agent.ts'
import { startRules } from './support/scripted.ts'

test('a turn of tool calls in parallel, a failure among them, comes back with real results', async () => {
  const claude = await startRules([
    {
      answers: [
        [
          { thinking: 'Two at once.' },
          { text: 'Two at once.' },
          { toolUse: { name: 'Bash', input: { command: 'echo out; exit 3' } } },
          { toolUse: { name: 'Bash', input: { command: 'echo fine' } } },
        ],
        [{ text: 'One failed.' }],
      ],
    },
  ])
  const agent = await createAgent(claude)
  const messages = await collect(agent.query('go', { includePartialMessages: true }))
  expect(saidBlocks(messages).map(({ type }) => type)).toEqual([
    'thinking',
    'text',
    'tool_use',
    'tool_use',
    'text',
  ])
  expect(resultOf(messages)).toMatchObject({ subtype: 'success', result: 'One failed.' })
  const results = messages.flatMap((message) =>
    message.type === 'user' ? (message.message.content as never[]) : [],
  )
  expect(results).toMatchObject([
    { type: 'tool_result', is_error: true, content: expect.stringContaining('Exit code 3') },
    { type: 'tool_result', content: 'fine' },
  ])
  const deltas = messages.filter((message) => message.type === 'stream_event')
  expect(
    deltas.some(({ event }) => event.type === 'content_block_delta' && event.delta.type === 'thinking_delta'),
  ).toBe(true)
})

test('the CLI tries again after a 529, and its own requests do not disturb the script', async () => {
  const claude = await startRules([
    { name: 'busy', times: 1, steps: [{ error: { status: 529, retryAfterSeconds: 0 } }] },
    { name: 'fine', steps: [{ text: 'Here I am.' }] },
  ])
  const agent = await createAgent(claude, { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '' })
  const messages = await collect(agent.query('hello'))
  expect(resultOf(messages)).toMatchObject({ subtype: 'success', result: 'Here I am.' })
  const ofScript = claude.requests.filter(({ kind }) => kind === 'message')
  expect(ofScript.map(({ rule, status }) => [rule, status])).toEqual([
    ['busy', 529],
    ['fine', 200],
  ])
  expect(claude.requests.filter(({ failure }) => failure !== undefined)).toHaveLength(1)
  expect(ofScript[0]?.headers['x-api-key']).toBe('sk-test-fake')
})

test('a hanging model is left by an interrupt, and the next prompt is answered', async () => {
  const claude = await startRules([
    { match: { lastUserText: 'hang' }, steps: [{ text: 'I think' }, { hang: true }] },
    { match: { lastUserText: 'and now' }, steps: [{ text: 'Now I speak.' }] },
  ])
  const agent = await createAgent(claude)
  let sayNext = (): void => undefined
  const interrupted = new Promise<void>((resolve) => (sayNext = resolve))
  const prompt = async function* () {
    yield userMessage('hang')
    await interrupted
    yield userMessage('and now')
  }
  const conversation = agent.query(prompt(), { includePartialMessages: true })
  const results: string[] = []
  for await (const message of conversation) {
    if (isTextDelta(message) && results.length === 0) await conversation.interrupt()
    if (message.type !== 'result') continue
    results.push(message.subtype === 'success' ? message.result : message.subtype)
    sayNext()
    if (results.length === 2) break
  }
  expect(results).toEqual(['error_during_execution', 'Now I speak.'])
  await vi.waitFor(() => expect(claude.requests.map(({ outcome }) => outcome)).toContain('aborted'))
})

test('a stream that is cut is tried again by the CLI', async () => {
  const claude = await startRules([
    { name: 'cut', times: 1, steps: [{ text: 'half a sen' }, { cut: true }] },
    { name: 'whole', steps: [{ text: 'A whole sentence.' }] },
  ])
  const agent = await createAgent(claude)
  const messages = await collect(agent.query('hello'))
  expect(resultOf(messages)).toMatchObject({ result: 'A whole sentence.' })
  expect(claude.requests.map(({ rule }) => rule)).toEqual(['cut', 'whole'])
})

test('a prompt that no rule fits ends the turn with the reason, however the CLI tries to go on', async () => {
  const claude = await startRules([])
  const agent = await createAgent(claude)
  const messages: SDKMessage[] = []
  await expect(collectInto(messages, agent.query('a prompt of mine'))).rejects.toThrow(
    'no rule of the script fits this request: last user text "a prompt of mine"',
  )
  expect(resultOf(messages).is_error).toBe(true)
  expect(claude.requests.every(({ rule, status }) => rule === 'unmatched' && status === 400)).toBe(true)
})

/** Collects messages that stay at hand if the conversation ends with an error. */
async function collectInto(messages: SDKMessage[], conversation: AsyncIterable<SDKMessage>): Promise<void> {
  for await (const message of conversation) messages.push(message)
}

function isTextDelta(message: SDKMessage): boolean {
  return message.type === 'stream_event' && message.event.type === 'content_block_delta'
}

function userMessage(content: string) {
  return {
    type: 'user' as const,
    message: { role: 'user' as const, content },
    parent_tool_use_id: null,
    session_id: '',
  }
}
