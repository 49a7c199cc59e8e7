import { expect, test } from 'vitest'
import { repetitionsOf, splitText } from '../src/answer/pieces.ts'
import { Schedule, wait } from '../src/answer/schedule.ts'

test.each<[string, number | undefined, string[]]>([
  ['', 3, []],
  ['a', 3, ['a']],
  ['abc', 3, ['abc']],
  ['abcd', 3, ['abc', 'd']],
  ['abcd', 2.9, ['ab', 'cd']],
  ['abc', 0, ['a', 'b', 'c']],
  ['a😀b', 2, ['a😀', 'b']],
  ['😀', 1, ['😀']],
  ['\ud83d', 1, ['\ud83d']],
])('%j in pieces of %s', (text, deltaSize, expected) => {
  expect([...splitText(text, deltaSize === undefined ? {} : { deltaSize })]).toEqual(expected)
})

test('pieces add up to the text, whatever their size', () => {
  const text = 'a😀b👩‍👩‍👧c'.repeat(50)
  for (let deltaSize = 1; deltaSize < 20; deltaSize += 1) {
    const pieces = [...splitText(text, { deltaSize })]
    expect(pieces.join('')).toBe(text)
    expect(pieces.every((piece) => Buffer.from(piece).toString() === piece)).toBe(true)
  }
})

test('repetitions are made one by one, when they are asked for', () => {
  const made: number[] = []
  const repetitions = repetitionsOf({
    text: (index) => {
      made.push(index)
      return String(index)
    },
    repeat: 1_000_000_000,
  })
  expect([repetitions.next().value, repetitions.next().value]).toEqual(['0', '1'])
  expect(made).toEqual([0, 1])
})

test('the first due time is now, and the others are counted from it', () => {
  const schedule = new Schedule(0.01)
  expect(schedule.take()).toBe(0)
  const second = schedule.take()
  const third = schedule.take()
  expect(second).toBeLessThanOrEqual(100_000)
  expect(third).toBeLessThanOrEqual(200_000)
  expect(third - second).toBeGreaterThan(50_000)
})

test('a due time that has passed costs no wait, and does not move those after it', async () => {
  const schedule = new Schedule(100)
  await wait(35, new AbortController().signal)
  const left = Array.from({ length: 200 }, () => schedule.take())
  expect(left.slice(0, 4)).toEqual([0, 0, 0, 0])
  expect(left.at(-1)).toBeLessThanOrEqual(1990 - 30)
})

test('a wait ends when it is aborted', async () => {
  const aborter = new AbortController()
  const waiting = wait(600_000, aborter.signal)
  aborter.abort()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
})
