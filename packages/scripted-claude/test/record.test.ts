import { expect, test, vi } from 'vitest'
import { bodyOf } from './support/conversation.ts'
import { start, startRules, startSteps } from './support/scripted.ts'
import { post, postStream } from './support/wire.ts'

test('a request is recorded with all that came, keys included', async () => {
  const before = Date.now()
  const claude = await startRules([{ name: 'greeting', steps: [{ text: 'hi' }] }])
  await (await post(claude, 'hello', { headers: { 'x-api-key': 'sk-test-1' } })).text()
  await vi.waitFor(() => expect(claude.requests[0]?.outcome).toBe('answered'))
  expect(claude.requests).toHaveLength(1)
  expect(claude.requests[0]).toMatchObject({
    id: expect.stringMatching(/^req_01/),
    method: 'POST',
    path: '/v1/messages',
    query: '',
    body: bodyOf('hello'),
    kind: 'message',
    rule: 'greeting',
    status: 200,
    failure: undefined,
  })
  expect(claude.requests[0]?.headers['x-api-key']).toBe('sk-test-1')
  expect(claude.requests[0]?.at).toBeGreaterThanOrEqual(before)
  expect(claude.requests[0]?.at).toBeLessThanOrEqual(Date.now())
})

test('a rule without a name is recorded by its place, the fallback by its name', async () => {
  const claude = await start({
    script: {
      rules: [
        { match: { lastUserText: 'never' }, steps: [] },
        { match: { lastUserText: 'second' }, steps: [] },
      ],
      fallback: [],
    },
  })
  await post(claude, 'second')
  await post(claude, 'else')
  expect(claude.requests.map(({ rule }) => rule)).toEqual(['2', 'fallback'])
})

test('requests are in the order in which they came, whatever they ask for', async () => {
  const claude = await startSteps([{ text: 'a' }])
  await fetch(`${claude.url}/v1/models`)
  await post(claude, 'one')
  await fetch(`${claude.url}/nowhere`)
  expect(claude.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /v1/models',
    'POST /v1/messages',
    'GET /nowhere',
  ])
  await vi.waitFor(() => expect(claude.requests.map(({ status }) => status)).toEqual([200, 200, 404]))
})

test('a request is there while it is still open', async () => {
  const claude = await startSteps([{ text: 'a' }, { hang: true }])
  await postStream(claude)
  expect(claude.requests[0]).toMatchObject({ outcome: 'open', rule: 'fallback', body: { stream: true } })
})

test('the oldest bodies are dropped beyond maxRecordedBytes, their entries are not', async () => {
  const claude = await startSteps([{ text: 'a' }], { maxRecordedBytes: 5000 })
  for (let index = 0; index < 4; index += 1) await post(claude, 'x'.repeat(2000))
  expect(claude.requests.map(({ body }) => body !== undefined)).toEqual([false, false, true, true])
})

test('with maxRecordedBytes 0 no body is kept', async () => {
  const claude = await startSteps([{ text: 'a' }], { maxRecordedBytes: 0 })
  await post(claude, 'secret')
  expect(claude.requests[0]?.body).toBeUndefined()
})

test('the oldest entries are dropped beyond maxRecordedRequests', async () => {
  const claude = await startSteps([{ text: 'a' }], { maxRecordedRequests: 2 })
  for (const words of ['one', 'two', 'three']) await post(claude, words)
  expect(claude.requests.map(({ body }) => body)).toEqual([bodyOf('two'), bodyOf('three')])
})

test('onRequest is called once for each request, when it has ended', async () => {
  const ended: string[] = []
  const claude = await startRules(
    [
      { match: { lastUserText: 'cut' }, steps: [{ cut: true }] },
      { match: { lastUserText: 'fail' }, steps: [{ error: { status: 529 } }] },
      { steps: [{ text: 'fine' }] },
    ],
    { onRequest: ({ status, outcome, failure }) => ended.push(`${status} ${outcome} ${failure}`) },
  )
  await post(claude, 'fine')
  await vi.waitFor(() => expect(ended).toEqual(['200 answered undefined']))
  await post(claude, 'fail')
  await vi.waitFor(() => expect(ended.at(-1)).toBe('529 answered Overloaded'))
  await expect(post(claude, 'cut')).rejects.toThrow()
  await vi.waitFor(() => expect(ended.at(-1)).toBe('0 cut undefined'))
  expect(ended).toHaveLength(3)
})

test('an error in mid-stream is recorded as a failure of a 200', async () => {
  const claude = await startSteps([{ text: 'a' }, { error: { status: 500, message: 'broke' } }])
  await (await postStream(claude)).text()
  await vi.waitFor(() =>
    expect(claude.requests[0]).toMatchObject({ status: 200, failure: 'broke', outcome: 'answered' }),
  )
})
