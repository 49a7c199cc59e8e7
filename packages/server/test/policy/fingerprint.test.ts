import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createFingerprint } from '../../src/policy/fingerprint.ts'

const fingerprint = createFingerprint(Buffer.alloc(32, 7))

test('the order of fields does not matter, at any depth', () => {
  expect(fingerprint({ a: 1, b: { c: [1, { d: 2, e: 3 }], f: null } })).toBe(
    fingerprint({ b: { f: null, c: [1, { e: 3, d: 2 }] }, a: 1 }),
  )
})

test('a field that is undefined counts as absent', () => {
  expect(fingerprint({ a: 1, b: undefined })).toBe(fingerprint({ a: 1 }))
})

test('every other difference gives another fingerprint', () => {
  const values = [
    undefined,
    0,
    '0',
    '',
    false,
    [],
    {},
    [[]],
    [{}],
    { a: 1 },
    { a: '1' },
    { a: [1] },
    { a: null },
    [1, 2],
    [2, 1],
    '{"a":1}',
    { a: { b: 1 } },
    { 'a":{"b': 1 },
    ['a', 'b'],
    ['a,b'],
    'é',
    'e\u0301',
  ]
  expect(new Set(values.map(fingerprint)).size).toBe(values.length)
})

test('it is 64 hex digits of HMAC-SHA256 under the key', () => {
  expect(fingerprint({ b: 1, a: 'x' })).toBe(
    'a244308a45f6f0c62dac6a00bcb20d938008142db77b2564a1c7603415a86a39',
  )
})

test('without the key the same value has another fingerprint', () => {
  expect(createFingerprint(randomBytes(32))({ a: 1 })).not.toBe(fingerprint({ a: 1 }))
})
