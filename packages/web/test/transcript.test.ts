import { expect, test } from 'vitest'
import type { Card } from '../src/transcript/card.ts'
import { isBusy } from '../src/transcript/transcript.ts'
import {
  cardsOf,
  cardsOfKind,
  play,
  readRecording,
  RECORDINGS,
  sdk,
  shownCards,
  turnOf,
} from './recording.ts'

/** What a reader sees of a card. */
function gist(card: Card): unknown {
  switch (card.kind) {
    case 'text':
      return [card.kind, card.text, card.parent]
    case 'thinking':
      return [card.kind, card.text]
    case 'tool':
      return [card.kind, card.name, card.input, card.status, card.result?.text]
    case 'result':
      return [card.kind, card.outcome, card.turns]
    default:
      return [card.kind]
  }
}

test('the turn that reverses a file reads as its story', () => {
  const messages = readRecording('reverse-file')
  const transcript = play(turnOf(messages))
  expect(shownCards(transcript).map(gist)).toEqual([
    ['prompt'],
    ['session'],
    ['thinking', 'The user wants the content of input.txt reversed. First I have to read it.'],
    ['text', 'I will read the file first.', undefined],
    ['tool', 'Read', { file_path: '/home/user/agent-workspace/input.txt' }, 'done', '1\tHello, agent!\n2\t'],
    ['text', 'Now I write the reversed content.', undefined],
    [
      'tool',
      'Write',
      { file_path: '/home/user/agent-workspace/output.txt', content: '!tnega ,olleH' },
      'done',
      expect.stringContaining('File created successfully'),
    ],
    ['text', expect.stringContaining('Done: `output.txt` holds'), undefined],
    ['result', 'done', 3],
  ])
})

test('a session is introduced with its model, folder and number of tools, and again only when it changed', () => {
  const transcript = play(readRecording('edit-file').map(sdk))
  expect(cardsOfKind(transcript, 'session')).toMatchObject([
    {
      model: 'claude-opus-5-5',
      cwd: '/home/user/agent-workspace',
      tools: 8,
      permissionMode: 'bypassPermissions',
    },
  ])
  const init = readRecording('edit-file').find((message) => message['subtype'] === 'init')
  const changed = play([sdk({ ...init, uuid: 'another', model: 'claude-haiku-5' })], transcript)
  expect(cardsOfKind(changed, 'session').map((card) => card.model)).toEqual([
    'claude-opus-5-5',
    'claude-haiku-5',
  ])
})

test('failed tools say so and carry what they said', () => {
  const transcript = play(readRecording('failing-tools').map(sdk))
  expect(cardsOfKind(transcript, 'tool')).toMatchObject([
    { name: 'Bash', status: 'failed', result: { failed: true, text: 'Exit code 3\noops' } },
    {
      name: 'Read',
      status: 'failed',
      result: { failed: true, text: expect.stringContaining('does not exist') },
    },
  ])
})

test('a tool card keeps both events that made it', () => {
  const [tool] = cardsOfKind(play(readRecording('reverse-file').map(sdk)), 'tool')
  expect(tool?.raw).toMatchObject([
    { seq: 1, data: { type: 'assistant', message: { content: [{ id: 'toolu_2' }] } } },
    { seq: 1, data: { type: 'user', message: { content: [{ tool_use_id: 'toolu_2' }] } } },
  ])
})

test('an interrupted answer is cut off, and its turn counts as interrupted, not as failed', () => {
  const messages = readRecording('interrupted')
  const transcript = play(turnOf(messages, 'interrupted'))
  expect(cardsOfKind(transcript, 'text')).toMatchObject([{ cut: true, live: false }])
  expect(cardsOfKind(transcript, 'result')).toMatchObject([
    { outcome: 'interrupted', title: 'Interrupted', details: [] },
  ])
  expect(cardsOfKind(transcript, 'prompt')).toMatchObject([{ status: 'interrupted' }])
  expect(cardsOfKind(transcript, 'notice')).toMatchObject([{ text: 'Interrupted by the user.' }])
  expect(isBusy(transcript)).toBe(false)
})

test('an error of the model is shown once, as failed', () => {
  const messages = readRecording('api-error')
  const transcript = play(turnOf(messages, 'failed'))
  expect(cardsOfKind(transcript, 'text')).toMatchObject([
    { text: 'API Error: 400 scripted: bad request', failed: true },
  ])
  expect(cardsOfKind(transcript, 'result')).toMatchObject([{ outcome: 'failed', details: [] }])
  expect(cardsOfKind(transcript, 'prompt')).toMatchObject([{ status: 'failed' }])
})

test('what a sub-agent says and does belongs to the call that started it', () => {
  const transcript = play(readRecording('sub-agent').map(sdk))
  const [agent, bash] = cardsOfKind(transcript, 'tool')
  expect(agent).toMatchObject({ name: 'Agent', parent: undefined, status: 'done' })
  expect(bash).toMatchObject({ name: 'Bash', parent: agent?.toolId, status: 'done' })
})

test('a turn tells its steps, duration, tokens and own cost', () => {
  const results = cardsOfKind(play(readRecording('edit-file').map(sdk)), 'result')
  expect(results).toMatchObject([{ turns: 3 }, { turns: 3 }])
  const [first, second] = results
  expect(first?.durationMs).toBeGreaterThan(0)
  expect(second?.costUsd).toBeCloseTo(first?.costUsd ?? 0, 6)
  expect(second?.tokens).toBe(first?.tokens)
  expect(first?.tokens).toBeGreaterThan(0)
})

test('of a model whose price the SDK does not know, no cost is told', () => {
  const usage = { inputTokens: 10, outputTokens: 5, costUSD: 0.2 }
  const message = readRecording('reverse-file').find(({ type }) => type === 'result')
  const told = (model: string) =>
    cardsOfKind(play([sdk({ ...message, model_usage_since_last_result: { [model]: usage } })]), 'result')[0]
  expect(told('my-own-model')).toMatchObject({ tokens: 15, costUsd: undefined })
  expect(told('claude-opus-5-5')).toMatchObject({ tokens: 15, costUsd: 0.2 })
})

test('the answer of a command that is in the result alone is shown there', () => {
  const message = readRecording('reverse-file').find(({ type }) => type === 'result')
  const transcript = play([sdk({ ...message, result: 'Context: 12 %' })])
  expect(cardsOfKind(transcript, 'result')).toMatchObject([{ details: ['Context: 12 %'] }])
})

test.each(RECORDINGS)('%s: housekeeping is kept, but hidden', (name) => {
  const transcript = play(readRecording(name).map(sdk))
  const hidden = cardsOfKind(transcript, 'raw').filter((card) => card.noise)
  expect(hidden.map((card) => card.label)).toContain('command_lifecycle')
  expect(shownCards(transcript).map((card) => card.kind)).not.toContain('raw')
})

test('ten thousand messages later, only the last page of cards is made anew', () => {
  const texts = Array.from({ length: 10_000 }, (_, index) =>
    sdk({
      type: 'assistant',
      uuid: `u${index}`,
      message: { id: `m${index}`, content: [{ type: 'text', text: 'x' }] },
    }),
  )
  const before = play(texts)
  const after = play(
    [sdk({ type: 'assistant', message: { content: [{ type: 'text', text: 'one more' }] } })],
    before,
  )
  expect(cardsOf(after)).toHaveLength(10_001)
  expect(after.pages.filter((page, index) => page !== before.pages[index])).toHaveLength(1)
})
