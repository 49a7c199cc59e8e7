import type { LoggedEvent, NewEvent } from '@claude-agent/protocol'
import { expect, test } from 'vitest'
import { HeldEvents } from '../../src/archive/held-events.ts'
import { prompted, promptEnded, spoke } from '../session/events.ts'

const MIB = 1024 * 1024

function hold(events: (NewEvent | object)[], size: number): boolean {
  const held = new HeldEvents()
  for (const [index, event] of events.entries())
    held.hear({ seq: index + 1, at: 1, ...event } as LoggedEvent, size)
  return held.areTooMany
}

const list = (make: (n: number) => NewEvent | object): (NewEvent | object)[] =>
  Array.from({ length: 200 }, (_, n) => make(n))

test.each([
  ['prompts', list((n) => prompted(`u${n}`, 'x'))],
  ['asks', list((n) => ({ type: 'ask', ask: `a${n}`, kind: 'can_use_tool', data: {} }))],
  ['answers', list((n) => ({ type: 'ask_settled', ask: `a${n}`, outcome: 'answered', result: {} }))],
  ['clients', list((n) => ({ type: 'client_registered', client: `c${n}`, owner: 'o', registration: {} }))],
  ['calls', list((n) => ({ type: 'call_made', method: 'm', key: `k${n}`, args: [] }))],
])('%s without an end are too many at some time', (_, events) => {
  expect(hold(events, MIB / 2)).toBe(false)
  expect(hold(events, MIB)).toBe(true)
})

test('a long session whose prompts come to an end is never too much', () => {
  const turns = Array.from({ length: 200 }, (_, n) => [
    prompted(`u${n}`, 'x'),
    spoke(`m${n}`),
    { type: 'ask', ask: `a${n}`, kind: 'can_use_tool', data: {} },
    { type: 'ask_settled', ask: `a${n}`, outcome: 'answered', result: {} },
    promptEnded(`u${n}`, 'completed'),
  ]).flat()
  expect(hold(turns, 16 * MIB)).toBe(false)
})
