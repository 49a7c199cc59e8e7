import type { AskData, AskKind } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import { declined, readAnswer } from '../../src/session/answer.ts'

const tool: AskData = { toolName: 'Write', input: { file_path: 'a' }, toolUseID: 't' }
const questions = [{ question: 'Which?' }]
const question: AskData = { toolName: 'AskUserQuestion', input: { questions }, toolUseID: 't' }
const form: AskData = { serverName: 'shop', message: 'How many?' }

function read(kind: AskKind, data: AskData, answer: object): unknown {
  try {
    return readAnswer({ kind, data }, answer)
  } catch (error) {
    return (error as { code: string }).code
  }
}

test.each<[string, AskKind, AskData, object, unknown]>([
  [
    'an allowed tool runs with its input',
    'can_use_tool',
    tool,
    { behavior: 'allow' },
    { behavior: 'allow', updatedInput: { file_path: 'a' } },
  ],
  [
    'or with another one',
    'can_use_tool',
    tool,
    { behavior: 'allow', updatedInput: { file_path: 'b' } },
    { behavior: 'allow', updatedInput: { file_path: 'b' } },
  ],
  [
    'rules that come with it are passed on',
    'can_use_tool',
    tool,
    { behavior: 'allow', updatedPermissions: [{ type: 'x' }] },
    { behavior: 'allow', updatedInput: { file_path: 'a' }, updatedPermissions: [{ type: 'x' }] },
  ],
  [
    'fields that nobody names are passed on',
    'can_use_tool',
    tool,
    { behavior: 'deny', message: 'no', decisionClassification: 'x' },
    { behavior: 'deny', message: 'no', decisionClassification: 'x' },
  ],
  ['a denial needs its words', 'can_use_tool', tool, { behavior: 'deny' }, 'invalid_answer'],
  ['a behaviour is one of two', 'can_use_tool', tool, { behavior: 'maybe' }, 'invalid_answer'],
  ['an input is an object', 'can_use_tool', tool, { behavior: 'allow', updatedInput: 'b' }, 'invalid_answer'],
  ['a permission is not answered as a form', 'can_use_tool', tool, { action: 'accept' }, 'invalid_answer'],
  [
    'a question keeps its questions',
    'can_use_tool',
    question,
    { behavior: 'allow', updatedInput: { answers: { 'Which?': 'A' } } },
    { behavior: 'allow', updatedInput: { questions, answers: { 'Which?': 'A' } } },
  ],
  ['a question needs answers', 'can_use_tool', question, { behavior: 'allow' }, 'invalid_answer'],
  [
    'none is not enough',
    'can_use_tool',
    question,
    { behavior: 'allow', updatedInput: { answers: {} } },
    'invalid_answer',
  ],
  [
    'a list is no answers',
    'can_use_tool',
    question,
    { behavior: 'allow', updatedInput: { answers: ['A'] } },
    'invalid_answer',
  ],
  [
    'each a text, as the CLI takes it',
    'can_use_tool',
    question,
    { behavior: 'allow', updatedInput: { answers: { 'Which?': ['A', 'B'] } } },
    'invalid_answer',
  ],
  [
    'a question can be declined',
    'can_use_tool',
    question,
    { behavior: 'deny', message: 'no', interrupt: true },
    { behavior: 'deny', message: 'no', interrupt: true },
  ],
  [
    'a form is accepted with its content',
    'elicitation',
    form,
    { action: 'accept', content: { count: 1 } },
    { action: 'accept', content: { count: 1 } },
  ],
  ['or cancelled', 'elicitation', form, { action: 'cancel' }, { action: 'cancel' }],
  ['an action is one of three', 'elicitation', form, { action: 'allow' }, 'invalid_answer'],
  ['content is an object', 'elicitation', form, { action: 'accept', content: 'x' }, 'invalid_answer'],
  [
    'a dialog is completed with whatever',
    'dialog',
    { dialogKind: 'x', payload: {} },
    { behavior: 'completed', result: 7 },
    { behavior: 'completed', result: 7 },
  ],
  [
    'or cancelled',
    'dialog',
    { dialogKind: 'x', payload: {} },
    { behavior: 'cancelled' },
    { behavior: 'cancelled' },
  ],
])('%s', (_name, kind, data, result, expected) => {
  expect(read(kind, data, { result })).toEqual(expected)
})

describe('an answer', () => {
  test('has a result or an error, and not both', () => {
    const both = { result: { behavior: 'allow' }, error: 'no' }
    for (const given of [{}, both]) expect(read('can_use_tool', tool, given)).toBe('invalid_answer')
  })

  test('that is an error declines with those words, whatever was asked', () => {
    const error = 'Not today.'
    expect(read('can_use_tool', tool, { error })).toEqual({ behavior: 'deny', message: error })
    expect(read('elicitation', form, { error })).toEqual({ action: 'decline' })
    expect(read('dialog', { dialogKind: 'x', payload: {} }, { error })).toEqual({ behavior: 'cancelled' })
    expect(declined('can_use_tool', error)).toEqual({ behavior: 'deny', message: error })
  })

  test('that is none is refused with the place of the mistake and what to do', () => {
    const given = { result: { behavior: 'deny', message: 7 } }
    expect(() => readAnswer({ kind: 'can_use_tool', data: tool }, given)).toThrow(
      expect.objectContaining({
        code: 'invalid_answer',
        message: expect.stringContaining("'result.message'") as string,
        hint: expect.any(String) as string,
      }) as Error,
    )
  })
})
