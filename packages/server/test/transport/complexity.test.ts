import { expect, test } from 'vitest'
import { excessOf, holdsTooMany } from '../../src/transport/complexity.ts'

function nested(levels: number): unknown {
  return levels === 0 ? 'x' : [nested(levels - 1)]
}

test('a message as long as they come is not too much', () => {
  expect(
    excessOf({ type: 'user_message', data: { text: 'x'.repeat(30_000_000), list: [1, null, true] } }),
  ).toBe(undefined)
  expect(excessOf(nested(200))).toBeUndefined()
})

test('what is nested too deep, or has too many parts, is told from it', () => {
  expect(excessOf(nested(201))).toBe('is nested more than 200 levels deep')
  expect(excessOf({ parts: Array.from({ length: 600_000 }, () => 0) })).toBe('holds more than 500000 values')
})

test('that there are too many is told before they are parsed; what stands in strings does not count', () => {
  const many = Buffer.from(JSON.stringify(Array.from({ length: 600_000 }, () => 0)))
  expect(holdsTooMany(many)).toBe(true)
  const text = '"\\\\",[{'.repeat(300_000)
  const long = Buffer.from(JSON.stringify({ text, list: [1, { a: text }] }))
  expect(JSON.parse(long.toString())).toMatchObject({ text })
  expect(holdsTooMany(long)).toBe(false)
})
