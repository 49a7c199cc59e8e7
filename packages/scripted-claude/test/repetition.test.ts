import { expect, test } from 'vitest'
import { startSteps } from './support/scripted.ts'
import { joinDeltas, postStream, streamEvents } from './support/wire.ts'

test('each repetition is one delta, whatever its length', async () => {
  const claude = await startSteps([{ text: 'x'.repeat(100), repeat: 5 }])
  const deltas = (await streamEvents(claude)).filter(({ event }) => event === 'content_block_delta')
  expect(deltas.map(({ data }) => data.delta.text)).toEqual(Array(5).fill('x'.repeat(100)))
})

test('a function says each repetition', async () => {
  const claude = await startSteps([{ text: (index) => `${index},`, repeat: 4 }])
  expect(joinDeltas(await streamEvents(claude), 'text')).toBe('0,1,2,3,')
})

test('a function without repeat is called once', async () => {
  const claude = await startSteps([{ text: (index) => `number ${index}` }])
  expect(joinDeltas(await streamEvents(claude), 'text')).toBe('number 0')
})

test('repetitions can be blocks of their own', async () => {
  const claude = await startSteps([{ text: 'block', repeat: 3, each: 'block' }])
  const events = await streamEvents(claude)
  expect(events.filter(({ event }) => event === 'content_block_start')).toHaveLength(3)
  expect(events.filter(({ event }) => event === 'content_block_stop').map(({ data }) => data.index)).toEqual([
    0, 1, 2,
  ])
})

test('a text step after blocks of their own begins a new block', async () => {
  const claude = await startSteps([{ text: 'a', each: 'block' }, { text: 'b' }])
  const starts = (await streamEvents(claude)).filter(({ event }) => event === 'content_block_start')
  expect(starts).toHaveLength(2)
})

test('a repetition in the next block carries the index of that block', async () => {
  const claude = await startSteps([{ text: 'same', repeat: 2, each: 'block' }])
  const deltas = (await streamEvents(claude)).filter(({ event }) => event === 'content_block_delta')
  expect(deltas.map(({ data }) => data.index)).toEqual([0, 1])
})

test('a burst of 100,000 deltas arrives whole', async () => {
  const claude = await startSteps([{ text: 'word ', repeat: 100_000 }])
  const wire = await (await postStream(claude)).text()
  expect(wire.match(/"text_delta"/g)).toHaveLength(100_000)
})

test('50 MB as 500 blocks arrive whole, and the server keeps none of it', async () => {
  const text = 'x'.repeat(100_000)
  const claude = await startSteps([{ text, repeat: 500, each: 'block', pace: { deltaSize: text.length } }])
  const response = await postStream(claude)
  let bytes = 0
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) bytes += chunk.length
  expect(bytes).toBeGreaterThan(50_000_000)
  expect(JSON.stringify(claude.requests).length).toBeLessThan(10_000)
})
