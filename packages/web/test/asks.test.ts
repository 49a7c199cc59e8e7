import { expect, test } from 'vitest'
import { OTHER, readAnswers, readQuestions } from '../src/asks/questions.ts'
import { readFormContent, readFormFields, readLink } from '../src/asks/schema-form.ts'
import { describeSettlement } from '../src/asks/settlement.ts'
import { describeSuggestions } from '../src/asks/suggestions.ts'
import type { AskCard, Settlement } from '../src/transcript/card.ts'

function form(...entries: [string, string][]): FormData {
  const data = new FormData()
  for (const [name, value] of entries) data.append(name, value)
  return data
}

const questions = readQuestions({
  questions: [
    { question: 'Which colour?', header: 'Colour', options: [{ label: 'Red', description: 'Loud' }] },
    { question: 'Which extras?', multiSelect: true, options: [{ label: 'Lamp' }, { label: 'Lock' }] },
  ],
})

test('each question is answered by the label chosen, several joined, a free text in place of one', () => {
  expect(
    readAnswers(
      questions,
      form(
        ['question-0', OTHER],
        ['other-0', ' Something else '],
        ['question-1', 'Lamp'],
        ['question-1', OTHER],
        ['other-1', 'Bell'],
      ),
    ),
  ).toEqual({ 'Which colour?': 'Something else', 'Which extras?': 'Lamp, Bell' })
})

test('a question without an answer, or with an empty free text, keeps all from being answered', () => {
  expect(readAnswers(questions, form(['question-0', 'Red']))).toBeUndefined()
  const empty = form(['question-0', OTHER], ['other-0', ' '], ['question-1', 'Lamp'])
  expect(readAnswers(questions, empty)).toBeUndefined()
})

test('a form has a field for each simple property of the schema, and gives what was filled in by its type', () => {
  const fields = readFormFields({
    type: 'object',
    required: ['count'],
    properties: {
      name: { type: 'string', title: 'Your name', minLength: 2, default: 'Ada' },
      mail: { type: 'string', format: 'email' },
      count: { type: 'integer', minimum: 1, maximum: 9, description: 'How many' },
      ratio: { type: 'number' },
      milk: { type: 'boolean', default: true },
      size: { type: 'string', enum: ['s', 'l'], enumNames: ['Small', 'Large'] },
      place: { type: 'string', oneOf: [{ const: 'in', title: 'Inside' }] },
      tags: { type: 'array', items: { type: 'string', enum: ['hot', 'sweet'] } },
      odd: 7,
    },
  })
  expect(fields.map(({ name, kind, type }) => [name, kind, type])).toEqual([
    ['name', 'text', 'text'],
    ['mail', 'text', 'email'],
    ['count', 'integer', 'number'],
    ['ratio', 'number', 'number'],
    ['milk', 'boolean', 'number'],
    ['size', 'choice', 'number'],
    ['place', 'choice', 'number'],
    ['tags', 'choices', 'number'],
  ])
  expect(fields[0]).toMatchObject({ label: 'Your name', initial: 'Ada', min: 2, required: false })
  expect(fields[2]).toMatchObject({ required: true, min: 1, max: 9, description: 'How many' })
  expect(fields[5]?.options).toEqual([
    { value: 's', label: 'Small' },
    { value: 'l', label: 'Large' },
  ])
  const filled = form(
    ['count', '3'],
    ['ratio', '0.5'],
    ['mail', ''],
    ['size', 'l'],
    ['tags', 'hot'],
    ['tags', 'sweet'],
  )
  expect(readFormContent(fields, filled)).toEqual({
    count: 3,
    ratio: 0.5,
    milk: false,
    size: 'l',
    tags: ['hot', 'sweet'],
  })
})

test('only addresses of the web become links', () => {
  expect(readLink('https://example.com/a?b')?.href).toBe('https://example.com/a?b')
  for (const text of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc', 'no address', 7])
    expect(readLink(text)).toBeUndefined()
})

test('what “always” means is said in words', () => {
  const rules = [{ toolName: 'Bash', ruleContent: 'npm test:*' }, { toolName: 'Read' }]
  expect(
    describeSuggestions([
      { type: 'setMode', mode: 'acceptEdits', destination: 'session' },
      { type: 'addRules', rules, behavior: 'allow', destination: 'localSettings' },
      { type: 'addDirectories', directories: ['/tmp'], destination: 'elsewhere' },
    ]),
  ).toBe(
    'accept all edits of files in this session; allow Bash(npm test:*), Read in this workspace; work in /tmp',
  )
})

test('how an ask was settled is said with who did it: this tab is you', () => {
  const say = (
    settled: Partial<Settlement>,
    data: object = { toolName: 'Write' },
    askKind = 'can_use_tool',
  ) => {
    const card = { askKind, data } as unknown as AskCard
    const whole = { outcome: 'answered' as const, by: 'page-abcd', result: {}, ...settled }
    return describeSettlement(card, whole, 'page-abcd').text
  }
  const question = { toolName: 'AskUserQuestion' }
  expect(say({ result: { behavior: 'allow' } })).toBe('Allowed by you')
  expect(say({ result: { behavior: 'allow' }, by: 'ben' })).toBe('Allowed by ben')
  expect(say({ result: { behavior: 'allow', updatedPermissions: [{}] } })).toBe('Always allowed by you')
  expect(say({ result: { behavior: 'deny', message: 'Not now.' }, by: 'ben' })).toBe(
    'Denied by ben: Not now.',
  )
  expect(say({ result: { behavior: 'allow' } }, question)).toBe('Answered by you')
  expect(say({ result: { behavior: 'deny', message: 'No.' } }, question)).toBe('Not answered by you: No.')
  expect(say({ result: { action: 'accept' } }, {}, 'elicitation')).toBe('Accepted by you')
  expect(say({ result: { action: 'decline' } }, {}, 'elicitation')).toBe('Declined by you')
  expect(say({ result: { behavior: 'cancelled' } }, {}, 'dialog')).toBe('Dismissed by you')
  expect(say({ outcome: 'timed_out' })).toContain('Nobody answered in time')
  expect(say({ outcome: 'cancelled' })).toContain('Taken back')
  expect(say({ outcome: 'lost' })).toContain('Lost')
})
