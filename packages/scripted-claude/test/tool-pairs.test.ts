import { expect, test } from 'vitest'
import type { InputMessage } from '../src/index.ts'
import { checkToolPairs } from '../src/request/tool-pairs.ts'
import { assistant, system, text, toolResult, toolUse, user } from './support/conversation.ts'

const orderly: [string, InputMessage[]][] = [
  ['no tools', [user('a'), assistant('b'), user('c')]],
  ['a call and its result', [user('a'), assistant([toolUse('1', 'A')]), user([toolResult('1', 'r')])]],
  [
    'parallel calls, answered in another order',
    [
      user('a'),
      assistant([text('both'), toolUse('1', 'A'), toolUse('2', 'B')]),
      user([toolResult('2', 'r'), toolResult('1', 'r')]),
    ],
  ],
  [
    'parallel calls, answered in two messages',
    [
      user('a'),
      assistant([toolUse('1', 'A'), toolUse('2', 'B')]),
      user([toolResult('1', 'r')]),
      user([toolResult('2', 'r')]),
    ],
  ],
  [
    'calls in two messages of the model',
    [
      user('a'),
      assistant([toolUse('1', 'A')]),
      assistant([toolUse('2', 'B')]),
      user([toolResult('1', ''), toolResult('2', '')]),
    ],
  ],
  [
    'a system message between call and result',
    [user('a'), assistant([toolUse('1', 'A')]), system('note'), user([toolResult('1', 'r')]), system('note')],
  ],
  [
    'a result with the next prompt beside it',
    [user('a'), assistant([toolUse('1', 'A')]), user([toolResult('1', 'r'), text('and now this')])],
  ],
  [
    'several rounds',
    [
      user('a'),
      assistant([toolUse('1', 'A')]),
      user([toolResult('1', 'r')]),
      assistant([toolUse('2', 'A')]),
      user([toolResult('2', 'r')]),
      assistant('done'),
    ],
  ],
]

test.each(orderly)('%s is in order', (_what, messages) => {
  expect(() => checkToolPairs(messages)).not.toThrow()
})

const broken: [string, InputMessage[], RegExp][] = [
  [
    'a call at the end',
    [user('a'), assistant([toolUse('1', 'A')])],
    /messages\.1: `tool_use` ids were found.*: 1\./,
  ],
  [
    'a call that the user talks past',
    [user('a'), assistant([toolUse('1', 'A')]), user('b')],
    /messages\.1: .*: 1\./,
  ],
  [
    'one of two calls left open',
    [user('a'), assistant([toolUse('1', 'A'), toolUse('2', 'B')]), user([toolResult('1', 'r')])],
    /messages\.1: .*: 2\./,
  ],
  ['a result of nothing', [user([toolResult('9', 'r')])], /messages\.0: unexpected `tool_use_id`.*: 9\./],
  [
    'a result that comes twice',
    [
      user('a'),
      assistant([toolUse('1', 'A')]),
      user([toolResult('1', 'r')]),
      assistant('b'),
      user([toolResult('1', 'r')]),
    ],
    /messages\.4: unexpected/,
  ],
]

test.each(broken)('%s is refused as the API does', (_what, messages, message) => {
  expect(() => checkToolPairs(messages)).toThrow(message)
})
