import { expect, test } from 'vitest'
import type { InputMessage, MessagesBody } from '../src/index.ts'
import { differencesOf } from '../src/shape/difference.ts'
import { shapeOf } from '../src/shape/shape.ts'
import {
  assistant,
  bodyOf,
  reminder,
  system,
  text,
  toolResult,
  toolsNamed,
  toolUse,
  user,
} from './support/conversation.ts'

/** The shape of a message request. */
function shape(messages: string | InputMessage[], more: Partial<MessagesBody> = {}) {
  return shapeOf('POST', '/v1/messages', bodyOf(messages, more), (text) => text.replaceAll('secret', '*'))
    .shape
}

/** In what the second differs from the first. */
function differences(
  one: ReturnType<typeof shape>,
  other: ReturnType<typeof shape>,
  strictness: 'loose' | 'strict',
) {
  return differencesOf(one, other, strictness)
    .filter(({ isDecisive }) => isDecisive)
    .map(({ what }) => what)
}

test('a shape has what was said and offered, not what the client mixed in', () => {
  const messages = [
    user([reminder('today is a day'), text('say the secret')]),
    system('# Environment\n - Primary working directory: /srv/place'),
  ]
  expect(shape(messages, { stream: true, system: 'You are it.', tools: toolsNamed('Read', 'Bash') })).toEqual(
    {
      method: 'POST',
      path: '/v1/messages',
      kind: 'message',
      model: 'claude-test-1',
      stream: true,
      says: ['say the *'],
      history: 'none',
      tools: ['Bash', 'Read'],
    },
  )
})

test('parallel results are in the order of the calls, in whichever they come', () => {
  const calls = assistant([toolUse('toolu_1', 'Read'), toolUse('toolu_2', 'Bash')])
  const [first, second] = [toolResult('toolu_1', 'one'), toolResult('toolu_2', 'two', true)]
  const results = [
    { id: 'toolu_1', tool: 'Read', text: 'one' },
    { id: 'toolu_2', tool: 'Bash', isError: true, text: 'two' },
  ]
  expect(shape([user('go'), calls, user([first, second])]).results).toEqual(results)
  expect(shape([user('go'), calls, user([second]), user([first])]).results).toEqual(results)
})

test('what was said before is told apart, its volatile parts are not', () => {
  const history = (words: string, answer: string) =>
    shape([user(words), assistant(answer), user('and now?')]).history
  expect(history('on 2026-01-01', 'yes')).toBe(history('on 2027-02-02', 'yes'))
  expect(history('on 2026-01-01', 'yes')).not.toBe(history('on 2026-01-01', 'no'))
  expect(history('a', 'b')).toMatch(/^2 [a-p]{16}$/)
})

test('loosely, wording counts, and neither tools, nor the version of a model, nor the texts of results do', () => {
  const calls = assistant([toolUse('toolu_1', 'Bash')])
  const one = shape([user('go'), calls, user([toolResult('toolu_1', 'a')])], { model: 'claude-opus-4-5' })
  const other = shape([user('go'), calls, user([toolResult('toolu_1', 'b')])], {
    model: 'claude-opus-5-5-20270101',
    tools: toolsNamed('Bash'),
  })
  expect(differences(one, other, 'loose')).toEqual([])
  expect(differences(one, other, 'strict')).toEqual([
    'the texts of the tool results',
    'the model',
    'the tools offered',
  ])
  expect(differences(shape('a'), shape('b'), 'loose')).toEqual(['the text of the user'])
})

test.each([
  [{ model: 'claude-haiku-5-5' }, 'the family of the model'],
  [{ stream: true }, 'whether the answer is streamed'],
])('loosely, %j counts', (more, what) => {
  expect(
    differences(
      shape('a', { model: 'claude-opus-5-5' }),
      shape('a', { model: 'claude-opus-5-5', ...more }),
      'loose',
    ),
  ).toEqual([what])
})

test('a tool that fails is not one that works', () => {
  const after = (isError: boolean) =>
    shape([user('go'), assistant([toolUse('1', 'Bash')]), user([toolResult('1', 'x', isError)])])
  expect(differences(after(true), after(false), 'loose')).toEqual(['the tools that gave results'])
})

test('what the user shows counts by its kind, strictly by its content', () => {
  const show = (data: string) => shape([user([{ type: 'image', source: { data } }, text('look')])])
  expect(differences(show('a'), show('b'), 'loose')).toEqual([])
  expect(differences(show('a'), show('b'), 'strict')).toEqual(['what the user shows'])
  expect(differences(show('a'), shape('look'), 'loose')).toEqual(['the kinds of what the user shows'])
})

test.each([
  undefined,
  null,
  7,
  [],
  { model: 1, messages: [] },
  { model: 'm', messages: [null] },
  { model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 7 }] }] },
  { model: 'm', messages: [{ role: 'user', content: [{ type: 'tool_result', content: 7 }] }] },
  { model: 'm', messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 7 }] }] },
  { model: 'm', messages: [], tools: [{}] },
])('of %j there is only the path', (body) => {
  expect(shapeOf('POST', '/v1/messages', body, String).shape).toEqual({
    method: 'POST',
    path: '/v1/messages',
  })
})
