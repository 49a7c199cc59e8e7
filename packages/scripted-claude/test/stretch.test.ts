import { expect, test } from 'vitest'
import { mergeStretches, replaceAcross, stretchesOf } from '../src/record/stretch.ts'

/** Replaces `secret` in pieces. */
function replace(...pieces: string[]): string[] {
  return replaceAcross(pieces, stretchesOf(pieces.join(''), /secret/g, '*'))
}

test.each([
  [['a secret b'], ['a * b']],
  [
    ['a sec', 'ret b'],
    ['a *', ' b'],
  ],
  [
    ['s', 'e', 'c', 'r', 'e', 't', '!'],
    ['*', '', '', '', '', '', '!'],
  ],
  [
    ['secretsec', 'ret'],
    ['**', ''],
  ],
  [
    ['a', 'secret', 'b'],
    ['a', '*', 'b'],
  ],
  [
    ['', 'sec', '', 'ret', ''],
    ['', '*', '', '', ''],
  ],
  [
    ['nothing', ' here'],
    ['nothing', ' here'],
  ],
  [[], []],
])('%j becomes %j', (pieces, expected) => {
  expect(replace(...pieces)).toEqual(expected)
})

test('stretches that overlap are one', () => {
  const one = { start: 3, end: 6, by: 'b' }
  expect(mergeStretches([{ start: 5, end: 9, by: 'c' }, one, { start: 0, end: 3, by: 'a' }])).toEqual([
    { start: 0, end: 3, by: 'a' },
    { start: 3, end: 9, by: 'b' },
  ])
  expect(one.end, 'what was given is as it was').toBe(6)
})

test('however a text is cut, the same is replaced', () => {
  const text = 'x secret secretsecret y secre t'
  const whole = text.replaceAll('secret', '*')
  for (let first = 0; first <= text.length; first += 1) {
    for (let second = first; second <= text.length; second += 1) {
      expect(replace(text.slice(0, first), text.slice(first, second), text.slice(second)).join('')).toBe(
        whole,
      )
    }
  }
})
