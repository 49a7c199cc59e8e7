import { expect, test } from 'vitest'
import { digestOf, directoryPattern, steadyText } from '../src/shape/volatile.ts'

const steady = (text: string) => steadyText(text, '/srv/place')

test.each([
  ['in /srv/place/a.txt', 'in <cwd>/a.txt'],
  ['in /srv/places and /x/srv/place', 'in /srv/places and /x/srv/place'],
  ['id 3F2504E0-4F89-11D3-9A0C-0305E82C3301', 'id <uuid>'],
  ['toolu_01AbCdEfGh and msg_01AbCdEfGh', '<id> and <id>'],
  ['2026-11-30', '<date>'],
  ['at 2026-11-30T19:43:28.123Z.', 'at <date>.'],
  ['2026-11-30 19:43:28 +0100', '<date>'],
  ['Mon Nov 30 19:43:28 UTC 2026', '<date>'],
  ['Today is November 30, 2026', 'Today is <date>'],
  ['at 19:43:28', 'at <time>'],
  ['/tmp/abc-12Xy/workspace/x', '<tmp>/workspace/x'],
  ['/private/var/folders/a1/b2/T/abc/x', '<tmp>/x'],
  ['/home/somebody/project and /Users/x/y and /root/z', '~/project and ~/y and ~/z'],
  ['http://localhost:3000/ and 127.0.0.1:40117', 'http://localhost:<port>/ and 127.0.0.1:<port>'],
  ['commit 1a2b3c4 of defaced', 'commit <hex> of defaced'],
  ['took 12 ms, 3.4s', 'took <duration>, <duration>'],
  ['wait 5 seconds, 3 times', 'wait 5 seconds, 3 times'],
  ['pid 1234567890', 'pid <number>'],
  [
    '<usage>subagent_tokens: 8177\nduration_ms: 710',
    '<usage>subagent_tokens: <number>\nduration_ms: <number>',
  ],
  ['a\r\nb\n', 'a\nb'],
])('%j becomes %j', (text, expected) => {
  expect(steady(text)).toBe(expected)
  expect(steady(expected), 'and stays so').toBe(expected)
})

test('a long text is kept by its beginning and a digest, once and for all', () => {
  const text = steady('word '.repeat(1000))
  expect(text.length).toBeLessThan(1100)
  expect(steady(text)).toBe(text)
  expect(steady(`${'word '.repeat(999)}ward`)).not.toBe(text)
})

test('a digest is not taken for something that changes', () => {
  for (let index = 0; index < 200; index += 1) {
    const digest = digestOf(String(index))
    expect(steady(digest)).toBe(digest)
  }
})

test('the root folder and an empty one stand for nothing', () => {
  expect('a/b'.replaceAll(directoryPattern('/'), 'x')).toBe('a/b')
  expect('a/b'.replaceAll(directoryPattern(''), 'x')).toBe('a/b')
})

test('a megabyte of anything takes no time that grows with its square', () => {
  const texts = ['a', '1', '-', 'a1', '/tmp/', '::', '2026-', 'Mon ', '/home/'].map((text) =>
    text.repeat(1_000_000 / text.length),
  )
  const start = performance.now()
  for (const text of texts) steady(text)
  expect(performance.now() - start).toBeLessThan(20_000)
})
