import { expect, test } from 'vitest'
import type { Card } from '../src/transcript/card.ts'
import type { Transcript } from '../src/transcript/transcript.ts'
import {
  cardsOf,
  cardsOfKind,
  type Message,
  play,
  readRecording,
  RECORDINGS,
  sdk,
  shownCards,
} from './recording.ts'

const isPartial = (message: Message) => message['type'] === 'stream_event'

/** The shown cards without the order in which their parts came. */
function essence(transcript: Transcript): Card[] {
  return shownCards(transcript)
}

test('text grows while it is streamed, and the whole message takes its place', () => {
  const messages = readRecording('reverse-file')
  const lengths: number[] = []
  let transcript = play([])
  let position: number | undefined
  for (const message of messages) {
    transcript = play([sdk(message)], transcript)
    const at = cardsOf(transcript).findIndex((card) => card.kind === 'text')
    if (at === -1) continue
    position ??= at
    expect(at).toBe(position)
    const card = cardsOf(transcript)[at]
    if (card?.kind === 'text' && card.live) lengths.push(card.text.length)
  }
  expect(lengths.length).toBeGreaterThan(2)
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b))
  expect(cardsOfKind(transcript, 'text').every((card) => !card.live)).toBe(true)
})

test('a tool shows its input while it is written, then runs, then is done', () => {
  const seen: string[] = []
  let transcript = play([])
  for (const message of readRecording('reverse-file')) {
    transcript = play([sdk(message)], transcript)
    const write = cardsOfKind(transcript, 'tool').find((card) => card.name === 'Write')
    if (write !== undefined && seen.at(-1) !== write.status) seen.push(write.status)
  }
  expect(seen).toEqual(['writing', 'running', 'done'])
})

test.each(RECORDINGS)('%s: the cards are the same whether or not the answer was streamed', (name) => {
  const messages = readRecording(name)
  const streamed = play(messages.map(sdk))
  const whole = play(messages.filter((message) => !isPartial(message)).map(sdk))
  expect(essence(streamed)).toEqual(essence(whole))
})

test.each(RECORDINGS)(
  '%s: a connection lost at any message, partial ones lost with it, ends in the same cards',
  (name) => {
    const messages = readRecording(name)
    const expected = essence(play(messages.map(sdk)))
    for (let cut = 0; cut <= messages.length; cut += 1) {
      const rest = messages.slice(cut)
      const nextWhole = rest.findIndex((message) => !isPartial(message))
      const delivered = nextWhole === -1 ? [] : rest.slice(nextWhole)
      const transcript = play([
        ...messages.slice(0, cut).map(sdk),
        { type: 'disconnected' },
        ...delivered.map(sdk),
      ])
      expect(essence(transcript), `cut at ${cut}`).toEqual(expected)
    }
  },
)

test('text that a lost connection cut off is marked, and partial messages after the gap do not patch it', () => {
  const messages = readRecording('interrupted')
  const half = messages.slice(0, 15)
  const before = play([...half.map(sdk), { type: 'disconnected' }])
  const [card] = cardsOfKind(before, 'text')
  expect(card).toMatchObject({ live: false, cut: true })
  const [, ...later] = messages.slice(15).filter(isPartial)
  expect(cardsOfKind(play(later.map(sdk), before), 'text')).toEqual([card])
})

test('a message that is streamed again from its start after a reconnect replaces what was there', () => {
  const messages = readRecording('interrupted').slice(0, 15)
  const partial = messages.filter(isPartial)
  const once = play(messages.map(sdk))
  const again = play([{ type: 'disconnected' }, ...partial.map(sdk)], once)
  const [before] = cardsOfKind(once, 'text')
  expect(cardsOfKind(again, 'text')).toMatchObject([{ text: before?.text, live: true }])
})

test('the partial messages of one message share one hidden row', () => {
  const messages = readRecording('interrupted')
  const rows = cardsOfKind(play(messages.map(sdk)), 'raw').filter((card) => card.label === 'stream_event')
  expect(rows).toHaveLength(1)
  expect(rows[0]?.count).toBe(messages.filter(isPartial).length)
  expect(rows[0]?.lines.trimEnd().split('\n')).toHaveLength(messages.filter(isPartial).length)
})
