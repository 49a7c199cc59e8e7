import { expect, test } from 'vitest'
import { deriveBytes, drawBytes, drawUuid, mixIn } from '../src/random.ts'

test('bytes have the size that was asked for, and differ each time', () => {
  expect([1, 9, 32, 64].map((size) => drawBytes(size).length)).toEqual([1, 9, 32, 64])
  expect(() => drawBytes(65)).toThrow('At most 64 bytes')
  expect(drawBytes(32).equals(drawBytes(32))).toBe(false)
})

test('a UUID is one of version 4', () => {
  for (let i = 0; i < 100; i += 1)
    expect(drawUuid()).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  mixIn('token')
  expect(new Set(Array.from({ length: 1000 }, drawUuid)).size).toBe(1000)
})

test('copies of a process whose generators stand alike draw differently by what each was given', () => {
  const [fresh, one, other] = ['fresh', 'token of one', 'token of other'].map((text) => Buffer.from(text))
  const drawn = deriveBytes(fresh!, one!, 16)
  expect(deriveBytes(fresh!, one!, 16)).toEqual(drawn)
  expect(deriveBytes(fresh!, other!, 16)).not.toEqual(drawn)
})
