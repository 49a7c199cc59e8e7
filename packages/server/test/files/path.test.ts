import { describe, expect, test } from 'vitest'
import { createTemporaryName, isInside, isTemporaryName, parsePath } from '../../src/files/path.ts'

const parse = (path: string): string => parsePath(['/some/space', '/alias'], path)

describe('a path', () => {
  test('of 256 parts is taken, of more refused: a deep one costs every step of the way', () => {
    expect(parse('d/'.repeat(255) + 'x')).toMatch(/x$/)
    expect(() => parse('d/'.repeat(256) + 'x')).toThrow(
      expect.objectContaining({ code: 'invalid_path' }) as Error,
    )
  })

  test.each([
    ['a.txt', 'a.txt'],
    ['.', '.'],
    ['./', '.'],
    ['./a//b/', 'a/b'],
    ['a/../b', 'b'],
    ['a/..', '.'],
    ['..a', '..a'],
    ['.../x', '.../x'],
    ['-rf', '-rf'],
    ['~', '~'],
    ['ä ö/ü%2e', 'ä ö/ü%2e'],
    ['back\\slash', 'back\\slash'],
  ])('relative %j is %j below the workspace', (path, expected) => {
    expect(parse(path)).toBe(expected)
  })

  test.each([
    ['/some/space', '.'],
    ['/some/space/', '.'],
    ['/some/space/a/b', 'a/b'],
    ['/some/./space//a/../b', 'b'],
    ['/some/space/a/../../space/c', 'c'],
    ['/alias/a', 'a'],
  ])('absolute %j is %j below the workspace', (path, expected) => {
    expect(parse(path)).toBe(expected)
  })

  test.each([
    '..',
    '../',
    '../x',
    'a/../../x',
    './../x',
    '/',
    '/work',
    '/some/spaceship',
    '/some/space/..',
    '/some/space/../other',
    '/etc/passwd',
    '//etc/passwd',
    '/alias/../etc',
  ])('%j is refused as leading out', (path) => {
    expect(() => parse(path)).toThrow(expect.objectContaining({ code: 'path_outside_workspace' }))
  })

  test.each([
    ['', 'is empty'],
    ['a\0b', 'NUL'],
    ['a/'.repeat(2049), 'longer than 4096 bytes'],
    ['ü'.repeat(2049), 'longer than 4096 bytes'],
    [`a/${createTemporaryName()}`, 'reserved'],
    [`${createTemporaryName()}/a`, 'reserved'],
  ])('%# is refused with what is wrong with it', (path, reason) => {
    const error = expect.objectContaining({ code: 'invalid_path', message: expect.stringContaining(reason) })
    expect(() => parse(path)).toThrow(error)
  })

  test('below a workspace that is the root folder may be anything', () => {
    expect(parsePath(['/'], '/etc/passwd')).toBe('etc/passwd')
    expect(parsePath(['/'], '/')).toBe('.')
    expect(isInside('/', '/x')).toBe(true)
  })
})

test('each temporary name is another one and is known as such', () => {
  expect(createTemporaryName()).not.toBe(createTemporaryName())
  expect(isTemporaryName(createTemporaryName())).toBe(true)
  expect(isTemporaryName('.claude')).toBe(false)
})
