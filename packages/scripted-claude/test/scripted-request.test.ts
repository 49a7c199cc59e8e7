import { expect, test } from 'vitest'
import type { InputMessage, MessagesBody } from '../src/index.ts'
import { readScriptedRequest } from '../src/request/scripted-request.ts'
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

const { signal } = new AbortController()

function read(messages: string | InputMessage[], more: Partial<MessagesBody> = {}) {
  return readScriptedRequest(bodyOf(messages, more), {}, signal)
}

/** The first message as the CLI sends it: a reminder, the prompt, then a system message about the environment. */
const opening = [
  user([reminder('Attribution for git commits'), text('read the file')]),
  system('# Environment\n - Primary working directory: /home/ada/project\n - Platform: linux'),
]

const spoken: [string, InputMessage[], string][] = [
  ['a string', [user('hello')], 'hello'],
  ['one block', [user([text('hello')])], 'hello'],
  ['a reminder before the prompt', opening, 'read the file'],
  ['a reminder after the prompt', [user([text('hello'), reminder('by the way')])], 'hello'],
  ['a reminder inside the prompt', [user('<system-reminder>x</system-reminder>hello')], 'hello'],
  [
    'two reminders around the prompt in one text',
    [user('<system-reminder>x</system-reminder>\nhello\n<system-reminder>y</system-reminder>')],
    'hello',
  ],
  ['several blocks: the last', [user([text('one'), text('two')])], 'two'],
  ['a later prompt', [...opening, assistant('ok'), user('and now?')], 'and now?'],
  [
    'tool results after the prompt',
    [...opening, assistant([toolUse('1', 'Read')]), user([toolResult('1', 'content')])],
    'read the file',
  ],
  [
    'a reminder beside a tool result',
    [
      ...opening,
      assistant([toolUse('1', 'Read')]),
      user([toolResult('1', 'content'), reminder('keep the user posted')]),
    ],
    'read the file',
  ],
  [
    'a prompt beside the result of an interrupted tool',
    [
      ...opening,
      assistant([toolUse('1', 'Bash')]),
      user([
        toolResult('1', 'rejected', true),
        text('[Request interrupted by user for tool use]\n'),
        text('stop that'),
      ]),
    ],
    'stop that',
  ],
  [
    'what the CLI adds to the answer of a question',
    [
      ...opening,
      assistant([toolUse('1', 'AskUserQuestion')]),
      user([toolResult('1', 'Blue'), text('Continue from where you left off.')]),
    ],
    'read the file',
  ],
  [
    'the same words from the user',
    [...opening, assistant('ok'), user('Continue from where you left off.')],
    'Continue from where you left off.',
  ],
  [
    'an interrupt alone',
    [...opening, assistant('I beg'), user('[Request interrupted by user]')],
    'read the file',
  ],
  [
    'a command that ran without the model',
    [
      ...opening,
      assistant('ok'),
      user([
        text('<local-command-caveat>The command below was run directly</local-command-caveat>\n'),
        text('<command-name>/usage</command-name>\n<command-message>usage</command-message>'),
        text('<local-command-stdout>$0.01</local-command-stdout>\n'),
        text('go on'),
      ]),
    ],
    'go on',
  ],
  [
    'a note that a background task has ended',
    [...opening, assistant('ok'), user([reminder('[SYSTEM NOTIFICATION - NOT USER INPUT]')])],
    'read the file',
  ],
  ['a picture with words', [user([{ type: 'image', source: {} }, text('what is this?')])], 'what is this?'],
  ['a picture without words', [user('before'), assistant('ok'), user([{ type: 'image', source: {} }])], ''],
  [
    'nothing but a reminder, ever: its text',
    [user([reminder('x')])],
    '<system-reminder>\nx\n</system-reminder>',
  ],
]

test.each(spoken)('the last user text, given %s', (_what, messages, expected) => {
  expect(read(messages).lastUserText).toBe(expected)
})

test('a tool result is known with the call that it answers', () => {
  const request = read([
    ...opening,
    assistant([text('I look.'), toolUse('1', 'Read', { file_path: '/a' })]),
    user([toolResult('1', [text('line one'), { type: 'image' }, text('line two')])]),
  ])
  expect(request.toolResults).toEqual([
    { toolUseId: '1', tool: 'Read', input: { file_path: '/a' }, text: 'line one\nline two', isError: false },
  ])
  expect(request.toolResult).toEqual(request.toolResults[0])
})

test('all results of the turn are there, oldest first, and none of earlier turns', () => {
  const request = read([
    user('first'),
    assistant([toolUse('0', 'Old')]),
    user([toolResult('0', 'old')]),
    assistant('done'),
    user('second'),
    assistant([toolUse('1', 'A'), toolUse('2', 'B')]),
    user([toolResult('2', 'b', true), toolResult('1', 'a')]),
    system('[Truncated: PARTIAL view]'),
    assistant([toolUse('3', 'C')]),
    user([toolResult('3', '')]),
  ])
  expect(request.toolResults.map(({ tool, text: said, isError }) => [tool, said, isError])).toEqual([
    ['B', 'b', true],
    ['A', 'a', false],
    ['C', '', false],
  ])
  expect(request.answered).toBe(2)
})

test('the result of an interrupted call belongs to the turn before', () => {
  const request = read([
    user('first'),
    assistant([toolUse('1', 'Bash')]),
    user([toolResult('1', 'rejected', true), text('second')]),
  ])
  expect(request).toMatchObject({
    lastUserText: 'second',
    toolResult: undefined,
    toolResults: [],
    answered: 0,
  })
})

test('two messages of the model in a row are one answer', () => {
  const request = read([
    user('go'),
    assistant([toolUse('1', 'A')]),
    assistant([toolUse('2', 'B')]),
    user([toolResult('1', 'a'), toolResult('2', 'b')]),
  ])
  expect(request.answered).toBe(1)
})

test('at the prompt there is no result and no answer yet', () => {
  expect(read('go')).toMatchObject({ toolResult: undefined, toolResults: [], answered: 0, captures: [] })
})

test('the history is all before the turn, results included, reminders not', () => {
  const request = read([
    ...opening,
    assistant([text('I look.'), toolUse('1', 'Read')]),
    user([toolResult('1', 'forty-two')]),
    assistant('It says forty-two.'),
    user('thanks'),
  ])
  expect(request.history).toMatch(/read the file[\s\S]*I look\.[\s\S]*forty-two[\s\S]*It says forty-two\./)
  expect(request.history).not.toContain('Attribution')
  expect(request.history).not.toContain('thanks')
})

test('the history of a first prompt is empty', () => {
  expect(read('go').history).toBe('')
})

test('the system text joins the prompt and the messages', () => {
  const request = read(opening, { system: [text('You are a poet.'), text('Rhyme.')] })
  expect(request.system).toMatch(/^You are a poet\.\nRhyme\.\n\n# Environment/)
})

test('the names of the tools are listed', () => {
  expect(read('go', { tools: toolsNamed('Read', 'Bash') }).tools).toEqual(['Read', 'Bash'])
  expect(read('go').tools).toEqual([])
})

const directories: [string, InputMessage[], Partial<MessagesBody>, string | undefined][] = [
  ['a system message', opening, {}, '/home/ada/project'],
  [
    'the system prompt',
    [user('go')],
    { system: '<env>\nWorking directory: /srv/app\nPlatform: linux\n</env>' },
    '/srv/app',
  ],
  ['a reminder', [user([reminder('Working directory: /tmp/x y'), text('go')])], {}, '/tmp/x y'],
  [
    'an update after cd',
    [
      ...opening,
      assistant('ok'),
      user('b'),
      system('# Environment update\n - Primary working directory: /b (was /a)'),
    ],
    {},
    '/b',
  ],
  [
    'a drive letter',
    [user('go'), system(' - Primary working directory: C:\\Users\\ada')],
    {},
    'C:\\Users\\ada',
  ],
  ['the words of the user', [user('my working directory: /etc')], {}, undefined],
  ['nothing', [user('go')], { system: 'You are a poet.' }, undefined],
]

test.each(directories)('the working directory, given %s', (_what, messages, more, expected) => {
  expect(read(messages, more).workingDirectory).toBe(expected)
})
