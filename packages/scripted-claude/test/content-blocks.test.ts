import { expect, test } from 'vitest'
import { startSteps } from './support/scripted.ts'
import { joinDeltas, streamEvents } from './support/wire.ts'

test('thinking comes in a block of its own, closed by its signature', async () => {
  const claude = await startSteps([{ thinking: 'Let me see.', signature: 'c2lnbmVk' }, { text: 'Seen.' }])
  const events = await streamEvents(claude)
  expect(events[1]?.data).toEqual({
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'thinking', thinking: '', signature: '' },
  })
  const ofThinking = events.filter(({ data }) => data.index === 0).map(({ data }) => data.delta?.type)
  expect(ofThinking).toEqual([undefined, 'thinking_delta', 'signature_delta', undefined])
  expect(joinDeltas(events, 'thinking')).toBe('Let me see.')
  expect(joinDeltas(events, 'signature')).toBe('c2lnbmVk')
  expect(events.find(({ data }) => data.content_block?.type === 'text')?.data.index).toBe(1)
})

test('thinking without a signature gets one, once', async () => {
  const claude = await startSteps([{ thinking: 'a' }, { thinking: 'b' }])
  const events = await streamEvents(claude)
  const signatures = events.filter(({ data }) => data.delta?.type === 'signature_delta')
  expect(signatures).toHaveLength(1)
  expect(joinDeltas(events, 'signature')).toMatch(/^[A-Za-z0-9+/]{128}$/)
  expect(joinDeltas(events, 'thinking')).toBe('ab')
})

test('a tool call streams its input as partial JSON, an empty piece first', async () => {
  const input = { command: 'echo "hello world" && ls -la /some/long/path', timeout: 5 }
  const claude = await startSteps([{ toolUse: { name: 'Bash', input } }])
  const events = await streamEvents(claude)
  expect(events[1]?.data.content_block).toEqual({
    type: 'tool_use',
    id: expect.stringMatching(/^toolu_01\w+$/),
    name: 'Bash',
    input: {},
  })
  const pieces = events.filter(({ event }) => event === 'content_block_delta').map(({ data }) => data.delta)
  expect(pieces[0]).toEqual({ type: 'input_json_delta', partial_json: '' })
  expect(pieces.length).toBeGreaterThan(2)
  expect(JSON.parse(joinDeltas(events, 'partial_json'))).toEqual(input)
})

test('a tool call without input has the input {}', async () => {
  const claude = await startSteps([{ toolUse: { name: 'Ping' } }])
  expect(JSON.parse(joinDeltas(await streamEvents(claude), 'partial_json'))).toEqual({})
})

test('a tool call can be given its id', async () => {
  const claude = await startSteps([{ toolUse: { name: 'Ping', id: 'toolu_mine' } }])
  const events = await streamEvents(claude)
  expect(events[1]?.data.content_block.id).toBe('toolu_mine')
})

test('several tool calls are several blocks, numbered', async () => {
  const claude = await startSteps([
    { text: 'Both at once.' },
    { toolUse: { name: 'A', input: { a: 1 } } },
    { toolUse: { name: 'B', input: { b: 2 } } },
  ])
  const events = await streamEvents(claude)
  const starts = events.filter(({ event }) => event === 'content_block_start')
  expect(starts.map(({ data }) => [data.index, data.content_block.name])).toEqual([
    [0, undefined],
    [1, 'A'],
    [2, 'B'],
  ])
  const stops = events.filter(({ event }) => event === 'content_block_stop')
  expect(stops.map(({ data }) => data.index)).toEqual([0, 1, 2])
})

test('each block is stopped before the next one starts', async () => {
  const claude = await startSteps([{ thinking: 'a' }, { text: 'b' }, { toolUse: { name: 'C' } }])
  const edges = (await streamEvents(claude)).filter(({ event }) => event.startsWith('content_block_st'))
  expect(edges.map(({ event, data }) => `${event.slice(14)} ${data.index}`)).toEqual([
    'start 0',
    'stop 0',
    'start 1',
    'stop 1',
    'start 2',
    'stop 2',
  ])
})
