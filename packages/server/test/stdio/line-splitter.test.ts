import { expect, test } from 'vitest'
import { LineSplitter } from '../../src/stdio/line-splitter.ts'

/** The lines of a text that comes in pieces of a size; null for those that were too long. */
function split(text: string, size: number, maxBytes = 1000): (string | null)[] {
  const splitter = new LineSplitter(maxBytes)
  const bytes = Buffer.from(text)
  const lines: (string | null)[] = []
  for (let at = 0; at < bytes.length; at += size)
    for (const line of splitter.push(bytes.subarray(at, at + size)))
      lines.push(line?.toString('utf8') ?? null)
  return lines
}

test.each([1, 2, 3, 5, 100])('lines are whole whatever the pieces: %i bytes', (size) => {
  expect(split('one\n\nzwei ä\nthe rest', size)).toEqual(['one\n', '\n', 'zwei ä\n'])
})

test.each([1, 3, 7, 100])(
  'a line over the limit is told once and left out, in pieces of %i bytes',
  (size) => {
    expect(split(`ok\n${'x'.repeat(11)}\nafter\n`, size, 10)).toEqual(['ok\n', null, 'after\n'])
    expect(split(`${'x'.repeat(10)}\nafter\n`, size, 10)).toEqual([`${'x'.repeat(10)}\n`, 'after\n'])
  },
)

test('a line of 100 MB costs no more than the limit', () => {
  const splitter = new LineSplitter(1024 * 1024)
  const piece = Buffer.alloc(64 * 1024, 'x')
  const before = process.memoryUsage().arrayBuffers
  const told: (Buffer | undefined)[] = []
  for (let i = 0; i < 1600; i += 1) told.push(...splitter.push(piece))
  told.push(...splitter.push(Buffer.from('\nafter\n')))
  expect(told).toEqual([undefined, Buffer.from('after\n')])
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024)
})
