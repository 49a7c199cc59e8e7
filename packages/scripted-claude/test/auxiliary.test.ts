import { expect, test } from 'vitest'
import { assistant, bodyOf, reminder, text, toolsNamed, user } from './support/conversation.ts'
import { startRules } from './support/scripted.ts'
import { ask, askText } from './support/wire.ts'

/** The requests that the CLI makes on its own account, as it makes them. */
const titleRequest = bodyOf(
  [
    user([
      text(
        '<session>\nPlease read "input.txt" and reverse its content\n</session>\n\nWrite the title in the predominant language',
      ),
    ]),
  ],
  {
    system: [
      text(
        'You are naming a coding session so the user can pick it out of a list. Return JSON with a single "title" field.',
      ),
    ],
    tools: [],
    output_config: {
      format: { type: 'json_schema', schema: { type: 'object', properties: { title: { type: 'string' } } } },
    },
  },
)
const summaryRequest = bodyOf(
  [
    user([reminder('note'), text('Build me a boat')]),
    assistant('Built.'),
    user('Paint it blue'),
    assistant('Painted.'),
    user(
      'CRITICAL: Respond with TEXT ONLY.\n\nYour task is to create a detailed summary of the conversation so far',
    ),
  ],
  { tools: toolsNamed('Read') },
)
const notificationRequest = bodyOf([
  user('run it in the background'),
  assistant('ok'),
  user([reminder('[SYSTEM NOTIFICATION - NOT USER INPUT]\n<task-notification>done</task-notification>')]),
])
const quotaRequest = bodyOf('quota', { max_tokens: 1 })

test('a title is the first words of the session, as JSON, past all rules', async () => {
  const claude = await startRules([{ steps: [{ text: 'never' }] }])
  expect(JSON.parse(await askText(claude, titleRequest))).toEqual({
    title: 'Please read "input.txt" and reverse',
  })
  expect(claude.requests[0]).toMatchObject({ kind: 'title', rule: 'title' })
})

test('a title is known by its system prompt too', async () => {
  const claude = await startRules([{ steps: [{ text: 'never' }] }])
  const { output_config: _format, ...older } = titleRequest
  expect(JSON.parse(await askText(claude, older))).toHaveProperty('title')
})

test('a session of no words has a title all the same', async () => {
  const claude = await startRules([])
  const body = { ...titleRequest, messages: [user('<session>\n\n</session>')] }
  expect(JSON.parse(await askText(claude, body))).toEqual({ title: 'Scripted session' })
})

test('a summary names what the user asked', async () => {
  const claude = await startRules([{ steps: [{ text: 'never' }] }])
  const summary = await askText(claude, summaryRequest)
  expect(summary).toMatch(
    /<analysis>[\s\S]+<\/analysis>\n<summary>[\s\S]*- Build me a boat\n- Paint it blue\n<\/summary>/,
  )
  expect(summary).not.toContain('CRITICAL')
  expect(claude.requests[0]?.kind).toBe('summary')
})

test('a summary of nothing says so', async () => {
  const claude = await startRules([])
  const body = bodyOf('Your task is to create a detailed summary of the conversation so far')
  expect(await askText(claude, body)).toContain('- nothing')
})

test('a notification is noted, and does not run the last prompt again', async () => {
  const claude = await startRules([{ steps: [{ text: 'never' }] }])
  expect(await askText(claude, notificationRequest)).toBe('Noted.')
  expect(claude.requests[0]?.kind).toBe('notification')
})

test('a check of the quota passes', async () => {
  const claude = await startRules([{ steps: [{ text: 'never' }] }])
  expect(await ask(claude, quotaRequest)).toMatchObject({
    content: [{ text: 'ok' }],
    stop_reason: 'max_tokens',
  })
})

test.each([
  ['title', titleRequest],
  ['summary', summaryRequest],
  ['notification', notificationRequest],
  ['quota', quotaRequest],
] as const)('a rule that names the kind %s answers it itself', async (kind, body) => {
  const claude = await startRules([{ match: { kind }, steps: [{ text: `my ${kind}` }] }])
  expect(await askText(claude, body)).toBe(`my ${kind}`)
})

test.each([
  ['a user who asks for a title', bodyOf('Generate a title for my book')],
  ['a user who says quota', bodyOf('quota')],
  ['a user who asks for a summary', bodyOf('Write a detailed summary of the conversation')],
  ['a system prompt that mentions titles', bodyOf('go', { system: 'Give every chapter a title.' })],
  [
    'another schema with a title',
    bodyOf('go', { output_config: { format: { schema: { properties: { title: {}, text: {} } } } } }),
  ],
])('%s is a message for the script', async (_what, body) => {
  const claude = await startRules([{ steps: [{ text: 'scripted' }] }])
  expect(await askText(claude, body)).toBe('scripted')
})
