import { expect, test } from 'vitest'
import type { Match, MessagesBody } from '../src/index.ts'
import { matchText } from '../src/script/matching.ts'
import {
  assistant,
  bodyOf,
  system,
  text,
  toolResult,
  toolsNamed,
  toolUse,
  user,
} from './support/conversation.ts'
import { startRules } from './support/scripted.ts'
import { askText } from './support/wire.ts'

/** Whether a request fits a match. */
async function fits(match: Match, body: MessagesBody | string): Promise<boolean> {
  const claude = await startRules([{ match, steps: [{ text: 'yes' }] }], { onUnmatched: 'text' })
  return (await askText(claude, body)) === 'yes'
}

const afterRead = bodyOf([
  user('look'),
  assistant([toolUse('1', 'Read', { file_path: '/a' })]),
  user([toolResult('1', 'forty-two')]),
])
const afterFailure = bodyOf([
  user('look'),
  assistant([toolUse('1', 'Bash', { command: 'x' })]),
  user([toolResult('1', 'command not found', true)]),
])
const longer = bodyOf([user('My name is Ada'), assistant('Hello Ada'), user('What is my name?')])

const cases: [string, Match, MessagesBody | string, boolean][] = [
  ['a string that the prompt contains', { lastUserText: 'lo wo' }, 'hello world', true],
  ['a string that it does not contain', { lastUserText: 'Lo wo' }, 'hello world', false],
  ['a regular expression', { lastUserText: /^hello \w+$/ }, 'hello world', true],
  ['a regular expression that does not fit', { lastUserText: /^hello$/ }, 'hello world', false],
  ['a regular expression as JSON', { lastUserText: { regex: '^HELLO', flags: 'i' } }, 'hello world', true],
  ['the whole text', { lastUserText: { equals: 'hello' } }, 'hello', true],
  ['the whole text, and more came', { lastUserText: { equals: 'hello' } }, 'hello world', false],
  ['an earlier prompt as the last', { lastUserText: 'Ada' }, longer, false],
  ['history', { history: 'My name is Ada' }, longer, true],
  ['history that the model said', { history: /Hello \w+/ }, longer, true],
  ['the last prompt as history', { history: 'What is my name' }, longer, false],
  ['several things in the history', { history: ['My name', 'Hello Ada'] }, longer, true],
  ['several things, one of them missing', { history: ['My name', 'Hello Bob'] }, longer, false],
  ['a tool that is offered', { tools: 'Bash' }, bodyOf('a', { tools: toolsNamed('Read', 'Bash') }), true],
  [
    'tools that are all offered',
    { tools: ['Bash', 'Read'] },
    bodyOf('a', { tools: toolsNamed('Read', 'Bash') }),
    true,
  ],
  [
    'tools of which one is missing',
    { tools: ['Bash', 'Glob'] },
    bodyOf('a', { tools: toolsNamed('Bash') }),
    false,
  ],
  ['a tool where none is offered', { tools: 'Bash' }, 'a', false],
  ['the model', { model: 'haiku' }, bodyOf('a', { model: 'claude-haiku-5-5' }), true],
  ['another model', { model: /^claude-opus/ }, bodyOf('a', { model: 'claude-haiku-5-5' }), false],
  ['the system prompt', { system: 'pirate' }, bodyOf('a', { system: 'You are a pirate.' }), true],
  [
    'the system prompt as blocks',
    { system: 'pirate' },
    bodyOf('a', { system: [text('You are'), text('a pirate.')] }),
    true,
  ],
  [
    'a system message',
    { system: /directory: \/x/ },
    bodyOf([user('a'), system('Working directory: /x')]),
    true,
  ],
  ['another system prompt', { system: 'pirate' }, bodyOf('a', { system: 'You are a poet.' }), false],
  ['any result, after one', { toolResult: true }, afterRead, true],
  ['any result, at the prompt', { toolResult: true }, 'look', false],
  ['no result, at the prompt', { toolResult: false }, 'look', true],
  ['no result, after one', { toolResult: false }, afterRead, false],
  ['nothing about results, after one', { lastUserText: 'look' }, afterRead, false],
  ['text of the result', { toolResult: 'forty' }, afterRead, true],
  ['other text of the result', { toolResult: 'fifty' }, afterRead, false],
  ['a pattern for the result', { toolResult: /^\w+-two$/ }, afterRead, true],
  ['a pattern as JSON for the result', { toolResult: { regex: 'TWO', flags: 'i' } }, afterRead, true],
  ['the whole result', { toolResult: { equals: 'forty-two' } }, afterRead, true],
  ['a result of a tool', { toolResult: { tool: 'Read' } }, afterRead, true],
  ['a result of another tool', { toolResult: { tool: 'Bash' } }, afterRead, false],
  ['a failure', { toolResult: { isError: true } }, afterFailure, true],
  ['a failure, after success', { toolResult: { isError: true } }, afterRead, false],
  ['a success', { toolResult: { isError: false, tool: 'Read', text: 'forty' } }, afterRead, true],
  ['a success, after failure', { toolResult: { isError: false } }, afterFailure, false],
  [
    'a failure of a tool with a text',
    { toolResult: { isError: true, tool: 'Bash', text: /not found/ } },
    afterFailure,
    true,
  ],
  ['prompt and result at once', { lastUserText: 'look', toolResult: { tool: 'Read' } }, afterRead, true],
  ['everything', {}, 'whatever', true],
  ['two fields, one of them wrong', { lastUserText: 'a', model: 'other' }, 'a', false],
]

test.each(cases)('%s', async (_what, match, body, expected) => {
  expect(await fits(match, body)).toBe(expected)
})

test('the last of several parallel results counts', async () => {
  const body = bodyOf([
    user('both'),
    assistant([toolUse('1', 'A'), toolUse('2', 'B')]),
    user([toolResult('1', 'first'), toolResult('2', 'second')]),
  ])
  expect(await fits({ toolResult: { tool: 'B', text: 'second' } }, body)).toBe(true)
  expect(await fits({ toolResult: { tool: 'A' } }, body)).toBe(false)
})

test('a new prompt after a tool round is a prompt again', async () => {
  const body = bodyOf([...afterRead.messages, assistant('It says forty-two.'), user('look again')])
  expect(await fits({ lastUserText: 'look again' }, body)).toBe(true)
  expect(await fits({ toolResult: true }, body)).toBe(false)
  expect(await fits({ history: 'forty-two' }, body)).toBe(true)
})

test('captures are the groups of the pattern, an unused group being empty', () => {
  expect(matchText(/(\w+) (\w+)?/, 'hello !')).toEqual(['hello ', 'hello', ''])
  expect(matchText('ell', 'hello')).toEqual(['ell'])
  expect(matchText({ equals: 'hello' }, 'hello')).toEqual(['hello'])
  expect(matchText('x', 'hello')).toBeUndefined()
})

test('a pattern with the flags g and y fits each time alike', () => {
  const pattern = /l/g
  expect([matchText(pattern, 'hello'), matchText(pattern, 'hello')]).toEqual([['l'], ['l']])
  const sticky = /h/y
  expect([matchText(sticky, 'hello'), matchText(sticky, 'hello')]).toEqual([['h'], ['h']])
})
