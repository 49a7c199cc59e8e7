import { expect, test } from 'vitest'
import { backoff } from '../src/backoff.ts'

test('the wait doubles from 250 ms and ends at 10 s', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 50, 5_000].map((attempt) => backoff(attempt, 1))
  expect(longest).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000])
})

test('chance takes away up to half of it', () => {
  expect(backoff(0, 0)).toBe(125)
  expect(backoff(9, 0)).toBe(5_000)
  const waits = new Set(Array.from({ length: 50 }, () => backoff(5)))
  expect(waits.size).toBeGreaterThan(5)
})
