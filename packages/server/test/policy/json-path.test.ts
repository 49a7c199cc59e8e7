import { expect, test } from 'vitest'
import { formatPath, valueAt } from '../../src/policy/json-path.ts'

test('a path reads as one would write it', () => {
  expect(formatPath(['agents', 'a', 'mcpServers', 0, 'x', 'env', 'A'])).toBe('agents.a.mcpServers[0].x.env.A')
  expect(formatPath(['tools', 3])).toBe('tools[3]')
  expect(formatPath([])).toBe('config')
})

test('a long path is cut, and a token in a name is not repeated', () => {
  expect(formatPath(['x'.repeat(1_000)])).toHaveLength(201)
  expect(formatPath(['env', 'sk-ant-api03-abcdefgh'])).toBe('env.[redacted]')
})

test('only own fields are found', () => {
  const value = { a: [{ b: 1 }] }
  expect(valueAt(value, ['a', 0, 'b'])).toBe(1)
  expect(valueAt(value, [])).toBe(value)
  for (const path of [
    ['a', 1],
    ['a', 0, 'b', 'c'],
    ['constructor'],
    ['a', 'map'],
    ['__proto__', 'toString'],
  ]) {
    expect(valueAt(value, path)).toBeUndefined()
  }
})
