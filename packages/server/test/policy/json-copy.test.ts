import { AgentServerError } from '@claude-agent/protocol'
import { expect, test } from 'vitest'
import { copyJson } from '../../src/policy/json-copy.ts'

const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)

test('a copy equals its original and shares nothing with it', () => {
  const value = { a: [1, 'x', true, null, { b: [] }], c: {} }
  const copy = copyJson(value) as typeof value
  expect(copy).toEqual(value)
  copy.a.push('new')
  expect(value.a).toHaveLength(5)
})

test('fields that are undefined are left out, and holes of a list are no values', () => {
  expect(copyJson({ a: undefined, b: 1 })).toEqual({ b: 1 })
  // oxlint-disable-next-line no-sparse-arrays
  expect(() => copyJson([1, , 2])).toThrow(AgentServerError)
})

test('a hundred levels are copied, one more is refused', () => {
  expect(copyJson(nested(101))).toEqual(nested(101))
  expect(() => copyJson(nested(102))).toThrow(/nested deeper than 100/)
})

test('a hundred thousand values are copied, one more is refused', () => {
  expect(copyJson(Array.from({ length: 99_999 }, () => 0))).toHaveLength(99_999)
  expect(() => copyJson(Array.from({ length: 100_000 }, () => 0))).toThrow(/more than 100000 values/)
})

test('an object that contains itself is refused', () => {
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  expect(() => copyJson(loop)).toThrow(AgentServerError)
})

test('what a prototype brings along is not copied', () => {
  expect(copyJson(Object.create({ model: 'inherited' }))).toEqual({})
})

test.each([() => 1, 1n, Symbol('x'), Number.NaN, Number.NEGATIVE_INFINITY, undefined])(
  '%s is no JSON value',
  (value) => {
    expect(() => copyJson({ a: [value] })).toThrow(/'a\[0\]' is no JSON value/)
  },
)
