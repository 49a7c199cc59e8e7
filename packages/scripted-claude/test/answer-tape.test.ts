import { expect, test } from 'vitest'
import { AnswerTape } from '../src/record/answer-tape.ts'

const streamed = { 'content-type': 'text/event-stream; charset=utf-8' }

/** What a tape keeps of some bytes that come in pieces. */
function tape(pieces: readonly (string | Uint8Array)[], end?: 'cut' | 'left', headers = streamed) {
  const tape = new AnswerTape(200, headers, false)
  for (const piece of pieces) tape.take(typeof piece === 'string' ? Buffer.from(piece) : piece)
  return tape.end(end)
}

const wire = 'event: ping\ndata: {"type":"ping"}\n\nevent: other\ndata: {"type":"é"}\n\n'

test('events are kept, the name only where it is not the type', () => {
  expect(tape([wire])).toEqual({
    status: 200,
    headers: streamed,
    events: [{ data: { type: 'ping' } }, { event: 'other', data: { type: 'é' } }],
  })
})

test('it does not matter where the bytes are cut, inside of a character neither', () => {
  const bytes = Buffer.from(wire)
  for (let place = 0; place <= bytes.length; place += 1) {
    expect(tape([bytes.subarray(0, place), bytes.subarray(place)]), String(place)).toEqual(tape([wire]))
  }
})

test('all line ends of the standard are read, comments are left out', () => {
  expect(tape([wire.replaceAll('\n', '\r\n')])).toEqual(tape([wire]))
  expect(tape([`: comment\n\n${wire}`])).toEqual(tape([wire]))
})

test('data that is no JSON is kept as text, of several lines too', () => {
  expect(tape(['event: x\ndata: one\ndata: two\n\n']).events).toEqual([{ event: 'x', text: 'one\ntwo' }])
})

test('a broken connection is kept as one, between events and within', () => {
  expect(tape([wire], 'cut').end).toBe('cut')
  expect(tape([wire, 'event: half'], 'cut')).toMatchObject({ end: 'cut-mid-event', events: [{}, {}] })
  expect(JSON.stringify(tape([wire, 'event: half'], 'cut'))).not.toContain('half')
})

test('a client that goes after the last event has heard all', () => {
  const stop = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'
  expect(tape([wire], 'left').end).toBe('left')
  expect(tape([wire, stop], 'left').end).toBeUndefined()
})

test('a body is kept as JSON or text, half a body not at all', () => {
  const json = { 'content-type': 'application/json' }
  expect(tape(['{"a":', '1}'], undefined, json)).toEqual({ status: 200, headers: json, body: { a: 1 } })
  expect(tape(['oops'], undefined, json)).toMatchObject({ text: 'oops' })
  expect(tape(['{"key": "sk-'], 'cut', json)).toEqual({ status: 200, headers: json, end: 'cut' })
})

test('of the headers only those are kept that tell a client what to do', () => {
  const headers = {
    ...streamed,
    'retry-after': '3',
    'set-cookie': ['a=b'],
    'anthropic-organization-id': 'o',
    'cf-ray': 'r',
  }
  expect(new AnswerTape(529, headers, false).end(undefined).headers).toEqual({
    ...streamed,
    'retry-after': '3',
  })
})
