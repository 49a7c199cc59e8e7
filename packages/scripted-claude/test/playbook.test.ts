import { expect, test, vi } from 'vitest'
import { startScriptedClaude } from '../src/index.ts'
import { assistant, bodyOf, toolResult, toolUse, user } from './support/conversation.ts'
import { start, startRules } from './support/scripted.ts'
import { ask, askText, openStream, post, streamEvents } from './support/wire.ts'

const afterOne = bodyOf([
  user('go'),
  assistant([toolUse('1', 'A', { n: 1 })]),
  user([toolResult('1', 'one')]),
])
const afterTwo = bodyOf([
  ...afterOne.messages,
  assistant([toolUse('2', 'B', { n: 2 })]),
  user([toolResult('2', 'two')]),
])

test('the first rule that fits answers', async () => {
  const claude = await startRules([
    { match: { lastUserText: 'a' }, steps: [{ text: 'first' }] },
    { match: { lastUserText: 'ab' }, steps: [{ text: 'second' }] },
  ])
  expect(await askText(claude, 'ab')).toBe('first')
})

test('a rule with times is skipped after so many uses', async () => {
  const claude = await startRules([{ times: 2, steps: [{ text: 'rare' }] }, { steps: [{ text: 'common' }] }])
  expect([await askText(claude), await askText(claude), await askText(claude)]).toEqual([
    'rare',
    'rare',
    'common',
  ])
})

test('only requests that fit use a rule up', async () => {
  const claude = await startRules([
    { match: { lastUserText: 'a' }, times: 1, steps: [{ text: 'rare' }] },
    { steps: [{ text: 'common' }] },
  ])
  expect(await askText(claude, 'b')).toBe('common')
  expect(await askText(claude, 'a')).toBe('rare')
  expect(await askText(claude, 'a')).toBe('common')
})

test('when is a further condition, and sees the captures', async () => {
  const claude = await startRules([
    {
      match: { lastUserText: /(\d+)/ },
      when: (request) => Number(request.captures[1]) > 10,
      steps: [{ text: 'many' }],
    },
    { steps: [{ text: 'few' }] },
  ])
  expect(await askText(claude, '11 cats')).toBe('many')
  expect(await askText(claude, '9 cats')).toBe('few')
})

test('a rule with steps answers the prompt only, so a tool call cannot go round in circles', async () => {
  const claude = await startRules([{ steps: [{ toolUse: { name: 'A' } }] }], { onUnmatched: 'text' })
  expect(await ask(claude, 'go')).toMatchObject({ stop_reason: 'tool_use' })
  expect(await askText(claude, afterOne)).toContain('no rule of the script fits')
})

test('answers go through a turn, one for each request', async () => {
  const claude = await startRules([
    { answers: [[{ toolUse: { name: 'A' } }], [{ toolUse: { name: 'B' } }], [{ text: 'done' }]] },
  ])
  expect(await ask(claude, 'go')).toMatchObject({ content: [{ name: 'A' }] })
  expect(await ask(claude, afterOne)).toMatchObject({ content: [{ name: 'B' }] })
  expect(await ask(claude, afterTwo)).toMatchObject({ content: [{ text: 'done' }] })
})

test('the same request gets the same answer of a turn, so retries are safe', async () => {
  const claude = await startRules([{ answers: [[{ text: 'a' }], [{ text: 'b' }]] }])
  expect([await askText(claude, afterOne), await askText(claude, afterOne)]).toEqual(['b', 'b'])
})

test('a turn that goes on after its answers falls to later rules', async () => {
  const claude = await startRules([
    { answers: [[{ toolUse: { name: 'A' } }]] },
    { match: { toolResult: true }, steps: [{ text: 'later' }] },
  ])
  expect(await askText(claude, afterOne)).toBe('later')
})

test('the answers begin anew with each prompt', async () => {
  const claude = await startRules([{ answers: [[{ text: 'first' }], [{ text: 'second' }]] }])
  const body = bodyOf([...afterTwo.messages, assistant('done'), user('again')])
  expect(await askText(claude, body)).toBe('first')
})

test('respond computes from the real tool result, and is asked for each request of a turn', async () => {
  const claude = await startRules([
    {
      respond: ({ toolResult: result, answered }) =>
        result === undefined
          ? [{ toolUse: { name: 'A' } }]
          : [{ text: `${answered}: ${result.text} of ${result.tool}` }],
    },
  ])
  expect(await ask(claude, 'go')).toMatchObject({ content: [{ name: 'A' }] })
  expect(await askText(claude, afterTwo)).toBe('2: two of B')
})

test('respond may take its time', async () => {
  const claude = await startRules([{ respond: async () => Promise.resolve([{ text: 'thought over' }]) }])
  expect(await askText(claude)).toBe('thought over')
})

test('an async generator says each step when it gets there', async () => {
  let open = (): void => undefined
  const gate = new Promise<void>((resolve) => (open = resolve))
  const claude = await startRules([
    {
      async *respond() {
        yield { text: 'before the gate' }
        await gate
        yield { text: ', behind the gate' }
      },
    },
  ])
  const stream = await openStream(claude)
  const before = await stream.until('before the gate')
  expect(before).not.toContain('behind')
  open()
  expect(await stream.end()).toContain('behind the gate')
})

test('respond sees what was sent', async () => {
  const respond = vi.fn(() => [{ text: 'ok' }])
  const claude = await startRules([{ match: { lastUserText: /go (\w+)/ }, respond }])
  await post(claude, bodyOf('go home', { system: 'S' }), { headers: { 'x-api-key': 'k' } })
  expect(respond).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({
      kind: 'message',
      model: 'claude-test-1',
      lastUserText: 'go home',
      captures: ['go home', 'home'],
      headers: expect.objectContaining({ 'x-api-key': 'k' }),
      body: expect.objectContaining({ system: 'S' }),
      signal: expect.any(AbortSignal),
    }),
  )
})

test.each([
  [
    'throws',
    () => {
      throw new Error('a bug of mine')
    },
  ],
  ['rejects', () => Promise.reject(new Error('a bug of mine'))],
] as const)('respond that %s is a 400 that clients do not try again', async (_how, respond) => {
  const claude = await startRules([{ respond }])
  const response = await post(claude, 'go')
  expect(response.status).toBe(400)
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(await response.json()).toMatchObject({
    error: { message: 'scripted-claude: the script failed: a bug of mine' },
  })
  expect(claude.requests[0]?.failure).toContain('a bug of mine')
})

test('a generator that throws in mid-stream ends the stream with an error event', async () => {
  const claude = await startRules([
    {
      *respond() {
        yield { text: 'well' }
        throw new Error('a bug of mine')
      },
    },
  ])
  const events = await streamEvents(claude)
  expect(events.at(-1)?.data.error.message).toBe('scripted-claude: the script failed: a bug of mine')
  await vi.waitFor(() => expect(claude.requests[0]?.failure).toContain('a bug of mine'))
})

test('the fallback answers what no rule fits, also after tool results', async () => {
  const claude = await start({
    script: { rules: [{ match: { lastUserText: 'x' }, steps: [] }], fallback: [{ text: 'else' }] },
  })
  expect(await askText(claude, 'go')).toBe('else')
  expect(await askText(claude, afterOne)).toBe('else')
})

test('the fallback can be computed', async () => {
  const claude = await start({
    script: { rules: [], fallback: (request) => [{ text: `you said ${request.lastUserText}` }] },
  })
  expect(await askText(claude, 'go')).toBe('you said go')
})

test('what nothing fits is a 400 that names the prompt and is not tried again', async () => {
  const claude = await startRules([])
  const response = await post(claude, { ...bodyOf('a prompt of mine'), stream: true })
  expect(response.status).toBe(400)
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(await response.json()).toMatchObject({
    error: {
      type: 'invalid_request_error',
      message:
        'scripted-claude: no rule of the script fits this request: last user text "a prompt of mine". ' +
        'Add a rule or a fallback.',
    },
  })
})

test('what nothing fits after a tool result names the tool', async () => {
  const claude = await startRules([])
  expect(await ask(claude, afterTwo)).toMatchObject({
    error: { message: expect.stringContaining('last user text "go" after a result of B.') },
  })
})

test('a very long prompt is named by its beginning', async () => {
  const claude = await startRules([])
  const { message } = (await ask(claude, 'y'.repeat(5000))).error
  expect(message.length).toBeLessThan(300)
})

test("with onUnmatched 'text' the model says so", async () => {
  const claude = await startRules([], { onUnmatched: 'text' })
  expect(await askText(claude, 'go')).toContain('no rule of the script fits this request')
  expect((await streamEvents(claude, 'go')).at(-1)?.event).toBe('message_stop')
})

test.each([
  ['no answer', {}, 'Rule 1 has no answer.'],
  ['two answers', { name: 'mine', steps: [], respond: () => [] }, 'Rule mine has steps and respond.'],
])('a rule with %s is refused at the start', async (_what, rule, message) => {
  await expect(startScriptedClaude({ script: { rules: [rule as never] } })).rejects.toMatchObject({
    name: 'ScriptedClaudeError',
    code: 'invalid_script',
    message,
    hint: 'Give each rule exactly one of steps, answers and respond.',
  })
})
