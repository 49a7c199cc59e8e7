import { expect, test } from 'vitest'
import { bodyOf } from './support/conversation.ts'
import { start, startRules, startSteps } from './support/scripted.ts'
import { ask, joinDeltas, postStream, openStream, streamEvents } from './support/wire.ts'

/** How long something takes, in milliseconds. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

test('21 deltas at 50 a second take 400 ms at least: the first is sent at once', async () => {
  const claude = await startSteps([{ text: 'x', repeat: 21, pace: { deltasPerSecond: 50 } }])
  expect(await timeOf(() => streamEvents(claude))).toBeGreaterThanOrEqual(395)
})

test('the deltas of a long paced text are due at fixed times, so none is ever early', async () => {
  const rate = 100
  const claude = await startSteps([
    { text: (index) => `<${index}>`, repeat: 30, pace: { deltasPerSecond: rate } },
  ])
  const startedAt = performance.now()
  const response = await postStream(claude)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  let seen = ''
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    seen += Buffer.from(read.value).toString()
    const newest = Number([...seen.matchAll(/<(\d+)>/g)].at(-1)?.[1] ?? 0)
    // Timers may be a millisecond early.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual((newest * 1000) / rate - 2)
  }
  expect(seen).toContain('<29>')
})

test('a paced delta is on its way before the next is due', async () => {
  const claude = await startSteps([
    { text: (index) => `<${index}>`, repeat: 3, pace: { deltasPerSecond: 0.2 } },
  ])
  const stream = await openStream(claude)
  expect(await stream.until('<0>')).not.toContain('<1>')
})

test('thinking and tool input are paced as well', async () => {
  const pace = { deltaSize: 1, deltasPerSecond: 50 }
  const claude = await startSteps([
    { thinking: 'abcdef', pace },
    { toolUse: { name: 'A', input: { a: 1 } }, pace },
  ])
  const events = await streamEvents(claude)
  expect(joinDeltas(events, 'thinking')).toBe('abcdef')
  expect(events.filter(({ data }) => data.delta?.type === 'thinking_delta')).toHaveLength(6)
  expect(events.filter(({ data }) => data.delta?.type === 'input_json_delta')).toHaveLength(
    1 + '{"a":1}'.length,
  )
})

test('the pace of a step wins over the rule, the rule over the script, each field for itself', async () => {
  const claude = await start({
    script: {
      pace: { deltaSize: 1 },
      rules: [
        {
          match: { lastUserText: 'step' },
          pace: { deltaSize: 2 },
          steps: [{ text: 'abcdef', pace: { deltaSize: 3 } }],
        },
        { match: { lastUserText: 'rule' }, pace: { deltaSize: 2 }, steps: [{ text: 'abcdef' }] },
        { match: { lastUserText: 'field' }, steps: [{ text: 'abcdef', pace: { deltasPerSecond: 10_000 } }] },
      ],
      fallback: [{ text: 'abcdef' }],
    },
  })
  const deltas = async (prompt: string) => {
    const events = await streamEvents(claude, prompt)
    return events.filter(({ event }) => event === 'content_block_delta').length
  }
  expect(await deltas('step')).toBe(2)
  expect(await deltas('rule')).toBe(3)
  expect(await deltas('field')).toBe(6)
  expect(await deltas('else')).toBe(6)
})

test('a delay at the start holds back the headers', async () => {
  const claude = await startSteps([{ delayMs: 300 }, { text: 'late' }])
  expect(await timeOf(() => postStream(claude))).toBeGreaterThanOrEqual(295)
})

test('a delay after content lets the content through first', async () => {
  const claude = await startSteps([{ text: 'early' }, { delayMs: 60_000 }, { text: 'late' }])
  const stream = await openStream(claude)
  expect(await stream.until('early')).not.toContain('late')
})

test('a delay holds up an answer that is not streamed too', async () => {
  const claude = await startSteps([{ delayMs: 200 }, { text: 'late' }])
  expect(await timeOf(() => ask(claude))).toBeGreaterThanOrEqual(195)
})

test('slow answers do not hold up others', async () => {
  const claude = await startRules([
    { match: { lastUserText: 'slow' }, steps: [{ delayMs: 60_000 }] },
    { match: { lastUserText: 'fast' }, steps: [{ text: 'here' }] },
  ])
  void postStream(claude, 'slow').catch(() => undefined)
  const answers = await Promise.all([ask(claude, 'fast'), ask(claude, 'fast'), ask(claude, bodyOf('fast'))])
  expect(answers.map((answer) => answer.content[0]?.text)).toEqual(['here', 'here', 'here'])
})

test('a client that does not read holds up its own answer, and memory stays bounded', async () => {
  let said = 0
  const chunk = 'x'.repeat(100_000)
  const claude = await startSteps([
    {
      text: () => {
        said += 1
        return chunk
      },
      repeat: 2000,
    },
  ])
  const stream = await openStream(claude)
  await stream.until('message_start')
  let before = -1
  while (before !== said) {
    before = said
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  // 200 MB are to be said; what is not read is held back after the socket's and the reader's buffers are full.
  expect(said).toBeLessThan(600)
  await stream.cancel()
})
