import { expect, test } from 'vitest'
import { startSteps } from './support/scripted.ts'
import { joinDeltas, namesOf, postStream, streamEvents } from './support/wire.ts'

test('a text answer has every event, in the order of the API', async () => {
  const claude = await startSteps([{ text: 'Hello there' }])
  const events = await streamEvents(claude)
  expect(events.map(({ event }) => event)).toEqual([
    'message_start',
    'content_block_start',
    'ping',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
})

test('the event name and the type in its data are the same for every event', async () => {
  const claude = await startSteps([
    { thinking: 'hm' },
    { text: 'so' },
    { toolUse: { name: 'Bash', input: { command: 'ls' } } },
  ])
  for (const { event, data } of await streamEvents(claude)) expect(data.type).toBe(event)
})

test('the bytes on the wire are those of the API', async () => {
  const claude = await startSteps([{ text: 'Hi' }])
  const wire = await (await postStream(claude)).text()
  const [, start, ping, delta, stop, end, last] = wire.split('\n\n')
  expect(start).toBe(
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
  )
  expect(ping).toBe('event: ping\ndata: {"type":"ping"}')
  expect(delta).toBe(
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}',
  )
  expect(stop).toBe('event: content_block_stop\ndata: {"type":"content_block_stop","index":0}')
  expect(end).toMatch(
    /^event: message_delta\ndata: \{"type":"message_delta","delta":\{"stop_reason":"end_turn","stop_sequence":null\}/,
  )
  expect(last).toBe('event: message_stop\ndata: {"type":"message_stop"}')
})

test('message_start carries an empty message of the model that was asked for', async () => {
  const claude = await startSteps([{ text: 'Hi' }])
  const [start] = await streamEvents(claude)
  expect(start?.data.message).toMatchObject({
    id: expect.stringMatching(/^msg_01\w+$/),
    type: 'message',
    role: 'assistant',
    model: 'claude-test-1',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: expect.any(Number), output_tokens: 1 },
  })
})

test('two answers have different ids', async () => {
  const claude = await startSteps([{ text: 'Hi' }])
  const [first] = await streamEvents(claude)
  const [second] = await streamEvents(claude)
  expect(first?.data.message.id).not.toBe(second?.data.message.id)
})

test('the response is an event stream that nobody stores, with a request id', async () => {
  const claude = await startSteps([{ text: 'Hi' }])
  const response = await postStream(claude)
  await response.text()
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('no-cache')
  expect(response.headers.get('request-id')).toBe(claude.requests[0]?.id)
})

test('a text is cut into deltas of 32 characters, and they add up to it', async () => {
  const words = 'The quick brown fox jumps over the lazy dog. '.repeat(10)
  const claude = await startSteps([{ text: words }])
  const events = await streamEvents(claude)
  const deltas = events.filter(({ event }) => event === 'content_block_delta')
  expect(deltas).toHaveLength(Math.ceil(words.length / 32))
  expect(joinDeltas(events, 'text')).toBe(words)
})

test('deltaSize sets the length of the deltas', async () => {
  const claude = await startSteps([{ text: 'abcdefgh', pace: { deltaSize: 3 } }])
  const events = await streamEvents(claude)
  const deltas = events.filter(({ event }) => event === 'content_block_delta')
  expect(deltas.map(({ data }) => data.delta.text)).toEqual(['abc', 'def', 'gh'])
})

test('no delta cuts an emoji in two', async () => {
  const words = '😀😁😂🤣😃😄😅😆'
  const claude = await startSteps([{ text: words, pace: { deltaSize: 1 } }])
  const events = await streamEvents(claude)
  const deltas = events.filter(({ event }) => event === 'content_block_delta')
  expect(deltas.map(({ data }) => data.delta.text)).toEqual(Array.from(words))
})

test('line breaks, quotes and control characters survive', async () => {
  const words = 'a\nb\r\n"c"\\ \u0000\u2028 \t d'
  const claude = await startSteps([{ text: words }])
  expect(joinDeltas(await streamEvents(claude), 'text')).toBe(words)
})

test('text steps that follow each other go on in one block', async () => {
  const claude = await startSteps([{ text: 'one ' }, { delayMs: 1 }, { text: 'two' }])
  const events = await streamEvents(claude)
  expect(namesOf(events)).toEqual([
    'message_start',
    'content_block_start',
    'ping',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
  expect(joinDeltas(events, 'text')).toBe('one two')
})

test('the stop reason is tool_use with a tool call, end_turn without', async () => {
  const calling = await startSteps([{ text: 'a' }, { toolUse: { name: 'A' } }])
  const talking = await startSteps([{ text: 'a' }])
  const stopReason = async (claude: typeof calling) => {
    return (await streamEvents(claude)).find(({ event }) => event === 'message_delta')?.data.delta
      .stop_reason as string
  }
  expect(await stopReason(calling)).toBe('tool_use')
  expect(await stopReason(talking)).toBe('end_turn')
})

test('the stop reason can be overridden, with its stop sequence', async () => {
  const claude = await startSteps([{ text: 'a' }, { stopReason: 'stop_sequence', stopSequence: 'END' }])
  const end = (await streamEvents(claude)).find(({ event }) => event === 'message_delta')
  expect(end?.data.delta).toEqual({ stop_reason: 'stop_sequence', stop_sequence: 'END' })
})

test('a refusal is a stop reason', async () => {
  const claude = await startSteps([{ stopReason: 'refusal' }])
  const events = await streamEvents(claude)
  expect(events.map(({ event }) => event)).toEqual(['message_start', 'message_delta', 'message_stop'])
  expect(events[1]?.data.delta.stop_reason).toBe('refusal')
})

test('usage grows with the text and can be overridden', async () => {
  const short = await startSteps([{ text: 'a' }])
  const long = await startSteps([{ text: 'a'.repeat(4000) }])
  const fixed = await startSteps([
    { usage: { input_tokens: 7, output_tokens: 9, cache_read_input_tokens: 5 } },
    { text: 'a' },
  ])
  const usage = async (claude: typeof short) => {
    const events = await streamEvents(claude)
    return { start: events[0]?.data.message.usage, end: events.at(-2)?.data.usage }
  }
  expect((await usage(short)).end?.output_tokens).toBe(1)
  expect((await usage(long)).end?.output_tokens).toBe(1000)
  const overridden = await usage(fixed)
  expect(overridden.start).toMatchObject({ input_tokens: 7, cache_read_input_tokens: 5 })
  expect(overridden.end).toMatchObject({ input_tokens: 7, output_tokens: 9, cache_read_input_tokens: 5 })
})

test('a ping can be sent anywhere, and before any content it starts the message', async () => {
  const claude = await startSteps([{ ping: true }, { text: 'a' }, { ping: true }, { text: 'b' }])
  const events = await streamEvents(claude)
  expect(events.map(({ event }) => event)).toEqual([
    'message_start',
    'ping',
    'content_block_start',
    'content_block_delta',
    'ping',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
})

test('an answer of no steps is an empty message', async () => {
  const claude = await startSteps([])
  expect(namesOf(await streamEvents(claude))).toEqual(['message_start', 'message_delta', 'message_stop'])
})

test('an empty text is a block without deltas', async () => {
  const claude = await startSteps([{ text: '' }])
  expect(namesOf(await streamEvents(claude))).toEqual([
    'message_start',
    'content_block_start',
    'ping',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ])
})
