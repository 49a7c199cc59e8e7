import { expect, test } from 'vitest'
import { parseScript } from '../src/index.ts'
import { assistant, bodyOf, toolResult, toolUse, user } from './support/conversation.ts'
import { start } from './support/scripted.ts'
import { ask, askText, post, streamEvents } from './support/wire.ts'

/** A server with a script that came as JSON text. */
function startJson(script: unknown) {
  return start({ script: parseScript(JSON.parse(JSON.stringify(script))) })
}

const afterRead = bodyOf([
  user('reverse a.txt'),
  assistant([toolUse('1', 'Read', { file_path: 'a.txt' })]),
  user([toolResult('1', '1\tabc\n2\tdef')]),
])

test('a JSON script computes a file from a real tool result', async () => {
  const claude = await startJson({
    rules: [
      {
        name: 'reverse',
        match: { lastUserText: { regex: 'reverse (\\S+)', flags: 'i' } },
        answers: [
          [{ text: 'Reading {{1}}.' }, { toolUse: { name: 'Read', input: { file_path: '{{1}}' } } }],
          [
            {
              toolUse: {
                name: 'Write',
                input: { file_path: 'r-{{1}}', content: '{{toolResult | unnumbered | reverse}}' },
              },
            },
          ],
          [{ text: 'Done.' }],
        ],
      },
    ],
  })
  expect(await ask(claude, 'reverse a.txt')).toMatchObject({
    content: [{ text: 'Reading a.txt.' }, { name: 'Read', input: { file_path: 'a.txt' } }],
  })
  expect(await ask(claude, afterRead)).toMatchObject({
    content: [{ name: 'Write', input: { file_path: 'r-a.txt', content: 'fed\ncba' } }],
  })
  expect(claude.requests[1]?.rule).toBe('reverse')
})

test('a rule with steps answers the prompt only, as in code', async () => {
  const claude = await startJson({ rules: [{ steps: [{ text: 'prompt' }] }], fallback: [{ text: 'else' }] })
  expect(await askText(claude, 'go')).toBe('prompt')
  expect(await askText(claude, afterRead)).toBe('else')
})

test('a rule with steps can ask for a result', async () => {
  const claude = await startJson({
    rules: [
      {
        match: { toolResult: { tool: 'Read', text: 'abc', isError: false } },
        steps: [{ text: '{{toolName}}' }],
      },
    ],
    fallback: [{ text: 'else' }],
  })
  expect(await askText(claude, 'go')).toBe('else')
  expect(await askText(claude, afterRead)).toBe('Read')
})

test('answers end where the list ends', async () => {
  const claude = await startJson({ rules: [{ answers: [[{ text: 'one' }]] }], fallback: [{ text: 'else' }] })
  expect(await askText(claude, 'go')).toBe('one')
  expect(await askText(claude, afterRead)).toBe('else')
})

test('times, pace and every step work from JSON', async () => {
  const claude = await startJson({
    name: 'all of it',
    pace: { deltaSize: 4 },
    rules: [
      {
        times: 1,
        steps: [{ error: { status: 529, retryAfterSeconds: 1, message: 'busy, {{lastUserText}}' } }],
      },
      {
        pace: { deltaSize: 2 },
        steps: [
          { delayMs: 1 },
          { usage: { input_tokens: 3 } },
          { ping: true },
          { thinking: 'hm', signature: 's' },
          { text: 'ab', repeat: 2 },
          { text: 'cd', each: 'block', pace: { deltaSize: 1 } },
          { toolUse: { name: 'A', id: 'toolu_1' } },
          { stopReason: 'max_tokens' },
        ],
      },
    ],
  })
  const busy = await post(claude, 'go')
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([529, '1'])
  expect(await busy.json()).toMatchObject({ error: { message: 'busy, go' } })
  const events = await streamEvents(claude, 'go')
  const deltas = events.map(({ data }) => data.delta).filter((delta) => delta?.type !== undefined)
  expect(
    deltas.map((delta) => delta.text ?? delta.thinking ?? delta.signature ?? delta.partial_json),
  ).toEqual(['hm', 's', 'ab', 'ab', 'c', 'd', '', '{}'])
  expect(events[0]?.data.message.usage.input_tokens).toBe(3)
  expect(events.at(-2)?.data.delta.stop_reason).toBe('max_tokens')
})

test('cut and hang work from JSON', async () => {
  const claude = await startJson({
    rules: [
      { match: { lastUserText: 'cut' }, steps: [{ text: 'a' }, { cut: 'mid-event' }] },
      { match: { lastUserText: 'gone' }, steps: [{ cut: true }] },
      { match: { lastUserText: 'hang' }, steps: [{ hang: true }] },
    ],
  })
  await expect(streamEvents(claude, 'cut')).rejects.toThrow('terminated')
  await expect(post(claude, 'gone')).rejects.toThrow('fetch failed')
  await expect(post(claude, 'hang', { headers: {}, signal: AbortSignal.timeout(100) })).rejects.toThrow()
})
