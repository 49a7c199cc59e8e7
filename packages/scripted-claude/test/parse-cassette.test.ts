import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { cassetteText, exchangeText } from '../src/cassette/cassette-text.ts'
import type { CassetteExchange } from '../src/cassette/cassette.ts'
import { loadCassette } from '../src/cassette/cassette-file.ts'
import { parseCassette } from '../src/cassette/parse-cassette.ts'
import { startReplay } from '../src/index.ts'
import { cassettePath } from './support/cassette.ts'

const exchange: CassetteExchange = {
  request: {
    method: 'POST',
    path: '/v1/messages',
    kind: 'message',
    model: 'm',
    stream: true,
    says: ['a', 'b'],
    results: [{ id: 'toolu_1', tool: 'Bash', isError: true, text: 'x' }],
    shows: ['image abc'],
    history: 'none',
    tools: ['Bash', 'Read'],
  },
  answer: {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    events: [{ data: { type: 'ping' } }, { event: 'x', text: 'y', afterMs: 3 }],
    end: 'cut',
  },
}

/** A cassette with one exchange, changed. */
function changed(change: (exchange: Record<string, Record<string, unknown>>) => void): unknown {
  const copy = structuredClone(exchange) as unknown as Record<string, Record<string, unknown>>
  change(copy)
  return { scriptedClaudeCassette: 1, exchanges: [copy] }
}

test('what is written is read again, whatever is in it', () => {
  const bare: CassetteExchange = {
    request: { method: 'GET', path: '/v1/models' },
    answer: { status: 200, headers: {}, body: null },
  }
  const empty: CassetteExchange = { ...bare, answer: { status: 200, headers: {}, events: [] } }
  for (const exchanges of [[], [exchange], [bare, exchange, empty]]) {
    const text = cassetteText(exchanges.map(exchangeText))
    expect(parseCassette(JSON.parse(text), 'it').exchanges).toEqual(exchanges)
  }
})

test('each event is on a line of its own', () => {
  const lines = exchangeText(exchange).split('\n')
  expect(lines).toContain('          {"data":{"type":"ping"}},')
  expect(lines).toContain('        "says": [')
})

test.each([
  [null, 'scriptedClaudeCassette: expected 1, got nothing'],
  [[], 'scriptedClaudeCassette: expected 1, got nothing'],
  [{ scriptedClaudeCassette: 2, exchanges: [] }, 'scriptedClaudeCassette: expected 1, got 2'],
  [{ scriptedClaudeCassette: 1 }, 'exchanges: expected a list, got nothing'],
  [{ scriptedClaudeCassette: 1, exchanges: [], more: 1 }, "unknown field 'more'"],
  [{ scriptedClaudeCassette: 1, exchanges: [7] }, 'exchanges[0]: expected an object, got a number'],
  [changed(({ request }) => delete request?.['path']), 'exchanges[0].request.path: expected a string'],
  [changed(({ request }) => Object.assign(request ?? {}, { says: [1] })), 'says[0]: expected a string'],
  [changed(({ request }) => Object.assign(request ?? {}, { kind: 'odd' })), 'kind: expected one of message'],
  [
    changed(({ answer }) => Object.assign(answer ?? {}, { status: 99 })),
    'status: expected a whole number of at least 200',
  ],
  [changed(({ answer }) => Object.assign(answer ?? {}, { status: 1000 })), 'status: expected at most 599'],
  [
    changed(({ answer }) => Object.assign(answer ?? {}, { headers: { 'set-cookie': 'a' } })),
    "unknown field 'set-cookie'",
  ],
  [
    changed(({ answer }) => Object.assign(answer ?? {}, { headers: { 'content-type': 'a\r\nx: y' } })),
    'content-type: expected one line of printable characters',
  ],
  [
    changed(({ answer }) => Object.assign(answer ?? {}, { events: [{ event: 'a\ndata: b' }] })),
    'event: expected one line',
  ],
  [
    changed(({ answer }) => Object.assign(answer ?? {}, { events: [{ afterMs: -1 }] })),
    'afterMs: expected a whole number',
  ],
  [
    changed(({ answer }) => Object.assign(answer ?? {}, { body: {} })),
    'has events and body, expected one of them',
  ],
  [changed(({ answer }) => Object.assign(answer ?? {}, { end: 'odd' })), 'end: expected one of cut'],
])('%j is refused with its place', (value, message) => {
  expect(() => parseCassette(value, 'it')).toThrow(message)
  expect(() => parseCassette(value, 'it')).toThrow(expect.objectContaining({ code: 'invalid_cassette' }))
})

test('an endless pause is played as ten minutes', () => {
  const long = changed(({ answer }) => Object.assign(answer ?? {}, { events: [{ afterMs: 1e15, text: '' }] }))
  expect(parseCassette(long, 'it').exchanges[0]?.answer.events?.[0]?.afterMs).toBe(600_000)
})

test('a cassette that is nested without end is refused', async () => {
  const path = await cassettePath()
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const answer = `{"status": 200, "headers": {}, "body": ${deep}}`
  const request = '{"method": "GET", "path": "/v1/models"}'
  await writeFile(
    path,
    `{"scriptedClaudeCassette": 1, "exchanges": [{"request": ${request}, "answer": ${answer}}]}`,
  )
  await expect(loadCassette(path)).rejects.toMatchObject({ code: 'invalid_cassette' })
})

test.each([
  ['', 'invalid_cassette'],
  ['{"scriptedClaudeCassette": 1, "exch', 'invalid_cassette'],
  ['<<<<<<< HEAD\n{}', 'invalid_cassette'],
])('a broken file (%j) is refused before anything is served', async (text, code) => {
  const path = await cassettePath()
  await writeFile(path, text)
  await expect(startReplay({ cassette: path })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(path) as string,
  })
})

test('a file that is not there is said to be so', async () => {
  const started = startReplay({ cassette: '/no/such.json' })
  await expect(started).rejects.toMatchObject({
    code: 'unreadable_cassette',
    hint: expect.stringContaining('record') as string,
  })
})
