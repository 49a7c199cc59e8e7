import { expect, test } from 'vitest'
import type { Transcript } from '../src/transcript/transcript.ts'
import { isBusy } from '../src/transcript/transcript.ts'
import { cardsOfKind, type Message, play, readRecording, SESSIONS, shownCards, tell } from './recording.ts'

const isLogged = (event: Message) => 'at' in event

/** What a reader sees: all cards but for what is raw. */
function essence(transcript: Transcript): unknown[] {
  return shownCards(transcript).map((card) => ({ ...card, raw: undefined }))
}

test.each(SESSIONS)('%s: a reload shows what was shown live', (name) => {
  const events = readRecording(name)
  const live = play(events.map(tell))
  const reloaded = play(events.filter(isLogged).map(tell))
  expect(essence(reloaded)).toEqual(essence(live))
})

test.each(SESSIONS)('%s: nothing is open, and nothing raw is shown, once the session is idle', (name) => {
  const transcript = play(readRecording(name).map(tell))
  expect(transcript.status).toBe('idle')
  expect(isBusy(transcript)).toBe(false)
  expect([transcript.openTools, transcript.openAsks, transcript.live]).toEqual([{}, {}, {}])
  expect(shownCards(transcript).map((card) => card.kind)).not.toContain('raw')
})

test.each(SESSIONS)('%s: a connection lost at any event ends in the same cards', (name) => {
  const events = readRecording(name)
  const expected = essence(play(events.map(tell)))
  for (let cut = 0; cut <= events.length; cut += 1) {
    const rest = events.slice(cut)
    const nextLogged = rest.findIndex(isLogged)
    const delivered = nextLogged === -1 ? [] : rest.slice(nextLogged)
    const transcript = play([
      ...events.slice(0, cut).map(tell),
      { type: 'disconnected' },
      ...delivered.map(tell),
    ])
    expect(essence(transcript), `cut at ${cut}`).toEqual(expected)
  }
})

test('permissions stand where they were asked for, with who allowed or denied them', () => {
  const transcript = play(readRecording('permission').map(tell))
  expect(cardsOfKind(transcript, 'ask')).toMatchObject([
    { data: { toolName: 'Write' }, settled: { by: 'ben', result: { behavior: 'allow' } } },
    { settled: { by: 'ada', result: { behavior: 'deny', message: 'Not on a Monday.' } } },
    { settled: { by: 'ada', result: { behavior: 'allow', updatedPermissions: [{ type: 'setMode' }] } } },
  ])
  expect(cardsOfKind(transcript, 'tool').map((card) => card.status)).toEqual(['done', 'failed', 'done'])
  expect(
    shownCards(transcript)
      .map((card) => card.kind)
      .slice(0, 8),
  ).toEqual(['prompt', 'session', 'text', 'tool', 'ask', 'text', 'result', 'prompt'])
})

test('while a permission is asked for, its tool waits', () => {
  const events = readRecording('permission')
  const asked = events.findIndex((event) => event['type'] === 'ask')
  const transcript = play(events.slice(0, asked + 1).map(tell))
  expect(cardsOfKind(transcript, 'tool').map((card) => card.status)).toEqual(['asking'])
  expect(Object.keys(transcript.openAsks)).toHaveLength(1)
  expect(transcript.announcement).toContain('Write')
})

test('a question that ends the turn for now is one turn with its answer: one prompt, one end', () => {
  const events = readRecording('question')
  const transcript = play(events.map(tell))
  expect(cardsOfKind(transcript, 'prompt').map((card) => card.status)).toEqual(['done'])
  expect(cardsOfKind(transcript, 'result')).toHaveLength(1)
  expect(cardsOfKind(transcript, 'tool')).toMatchObject([{ name: 'AskUserQuestion', status: 'done' }])
  const exited = events.findIndex((event) => event['type'] === 'agent_exited')
  const waiting = play(events.slice(0, exited + 1).map(tell))
  expect(cardsOfKind(waiting, 'prompt').map((card) => card.status)).toEqual(['running'])
  expect(cardsOfKind(waiting, 'tool').map((card) => card.status)).toEqual(['asking'])
})

test('who comes in the middle of a stream sees the whole text once', () => {
  const texts = (name: 'stream-from-middle' | 'stream-from-start', upTo?: (event: Message) => boolean) => {
    const events = readRecording(name)
    const end = upTo === undefined ? events.length : events.findIndex(upTo) + 1
    return cardsOfKind(play(events.slice(0, end).map(tell)), 'text').map((card) => card.text)
  }
  const isWhole = (event: Message) => (event['data'] as Message | undefined)?.['type'] === 'assistant'
  const whole = Array.from({ length: 60 }, () => 'word ').join('')
  expect(texts('stream-from-middle', isWhole)).toEqual([whole])
  expect(texts('stream-from-middle')).toEqual(texts('stream-from-start'))
  const events = readRecording('stream-from-middle')
  const caughtUp = events.findIndex((event) => event['type'] === 'caught_up')
  const [early] = cardsOfKind(play(events.slice(0, caughtUp + 1).map(tell)), 'text')
  expect(early).toMatchObject({ live: true, text: expect.stringMatching(/^(word ){10,}/) as string })
})

test('what is replayed to a reader that has it already changes nothing', () => {
  const events = readRecording('stream-from-middle')
  const replayed = events.filter((event) => event['replayed'] === true)
  const last = events.findIndex((event) => event['replayed'] === true) + replayed.length
  const once = play(events.slice(0, last).map(tell))
  expect(essence(play(replayed.map(tell), once))).toEqual(essence(once))
})

test('the end of a server loses a permission and interrupts its prompt; one that nobody answers times out', () => {
  const transcript = play(readRecording('server-killed').map(tell))
  expect(cardsOfKind(transcript, 'ask').map((card) => card.settled?.outcome)).toEqual(['lost', 'timed_out'])
  expect(cardsOfKind(transcript, 'prompt').map((card) => card.status)).toEqual(['interrupted', 'done'])
  expect(cardsOfKind(transcript, 'tool').map((card) => card.status)).toEqual(['interrupted', 'failed'])
})

test('what an MCP server asks is a card of its own: answered, or taken back with its turn', () => {
  const transcript = play(readRecording('elicitation').map(tell))
  expect(cardsOfKind(transcript, 'ask')).toMatchObject([
    { askKind: 'elicitation', settled: { by: 'ada', result: { action: 'accept', content: { count: 3 } } } },
    { askKind: 'elicitation', settled: { outcome: 'cancelled' } },
  ])
})
