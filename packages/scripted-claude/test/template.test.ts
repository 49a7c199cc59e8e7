import { expect, test } from 'vitest'
import { readScriptedRequest } from '../src/request/scripted-request.ts'
import { fillDeep, fillTemplate, findTemplateProblem } from '../src/script/template.ts'
import { assistant, bodyOf, system, toolResult, toolUse, user } from './support/conversation.ts'

const request = readScriptedRequest(
  bodyOf([
    system('Working directory: /some/space'),
    user('greet Ada'),
    assistant([toolUse('1', 'Read')]),
    user([toolResult('1', '1\tab\n2\tc ')]),
  ]),
  {},
  new AbortController().signal,
)
request.captures = ['greet Ada', 'Ada', '']

test.each<[string, string]>([
  ['no placeholder', 'no placeholder'],
  ['{{lastUserText}}', 'greet Ada'],
  ['{{ lastUserText }}!', 'greet Ada!'],
  ['Hello {{1}}{{2}}{{9}}.', 'Hello Ada.'],
  ['all of {{0}}', 'all of greet Ada'],
  ['{{toolResult}}', '1\tab\n2\tc '],
  ['{{toolResult | unnumbered}}', 'ab\nc '],
  ['{{toolResult | unnumbered | reverse}}', ' c\nba'],
  ['{{toolResult|unnumbered|trim|upper}}', 'AB\nC'],
  ['{{1 | lower}} and {{1 | upper}}', 'ada and ADA'],
  ['{{toolName}} in {{workingDirectory}} by {{model}}', 'Read in /some/space by claude-test-1'],
  ['as it is: \\{{1}}', 'as it is: {{1}}'],
  ['{ {1} } and {1}', '{ {1} } and {1}'],
])('%s is filled', (template, expected) => {
  expect(fillTemplate(template, request)).toBe(expected)
  expect(findTemplateProblem(template)).toBeUndefined()
})

test('what was filled in is not filled again', () => {
  const tricky = readScriptedRequest(bodyOf('{{model}}'), {}, new AbortController().signal)
  expect(fillTemplate('{{lastUserText}}', tricky)).toBe('{{model}}')
})

test('signs that mean something in replacements are taken as they are', () => {
  const tricky = readScriptedRequest(bodyOf("$& $1 $' $$"), {}, new AbortController().signal)
  expect(fillTemplate('<{{lastUserText}}>', tricky)).toBe("<$& $1 $' $$>")
})

test('without a tool result its placeholders are empty', () => {
  const prompt = readScriptedRequest(bodyOf('go'), {}, new AbortController().signal)
  expect(fillTemplate('<{{toolResult}}{{toolName}}{{workingDirectory}}>', prompt)).toBe('<>')
})

test('all strings in a value are filled, other values and names of fields are not', () => {
  const value = { '{{1}}': '{{1}}', list: ['{{1}}', 5, null, true], deep: { er: '{{1}}' } }
  expect(fillDeep(value, request)).toEqual({
    '{{1}}': 'Ada',
    list: ['Ada', 5, null, true],
    deep: { er: 'Ada' },
  })
})

test.each<[string, RegExp]>([
  ['{{toolresult}}', /unknown placeholder \{\{toolresult\}\} \(known: toolResult, /],
  ['{{}}', /unknown placeholder/],
  ['{{toString}}', /unknown placeholder/],
  ['{{1 | shout}}', /unknown filter 'shout' \(known: unnumbered, reverse, trim, upper, lower\)/],
  ['{{1 | toString}}', /unknown filter 'toString'/],
])('%s is refused', (template, problem) => {
  expect(findTemplateProblem(template)).toMatch(problem)
})
