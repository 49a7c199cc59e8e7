import { expect, test } from 'vitest'
import { contentOfRead } from '../src/index.ts'
import { reverseText } from '../src/script/read-result.ts'

test.each<[string, string, string]>([
  ['one line', '1\tabc', 'abc'],
  ['a line break at the end', '1\tabc\n2\t', 'abc\n'],
  ['tabs in the line', '1\ta\n2\t\tb\tc', 'a\n\tb\tc'],
  ['lines that look numbered', '1\t12\tx\n2\t   7→y', '12\tx\n   7→y'],
  ['padded numbers with arrows', '     1→a\n     2→\n    10→not in order', 'a\n'],
  ['an empty line in the middle', '1\ta\n2\t\n3\tb', 'a\n\nb'],
  ['a part of a file', '2001\tx\n2002\ty', 'x\ny'],
  ['a carriage return in the line', '1\ta\rb', 'a\rb'],
  ['a separator in the line', '1\ta\u2028b', 'a\u2028b'],
  [
    'a reminder inside the file',
    '1\t<system-reminder>x</system-reminder>',
    '<system-reminder>x</system-reminder>',
  ],
  ['a reminder after the file', '1\ta\n\n<system-reminder>\nx\n</system-reminder>', 'a'],
  [
    'an empty file',
    '<system-reminder>Warning: the file exists but the contents are empty.</system-reminder>',
    '',
  ],
  ['text that is not numbered', 'plain\ntext', 'plain\ntext'],
])('the content of a read: %s', (_what, said, expected) => {
  expect(contentOfRead(said)).toBe(expected)
})

test.each<[string, string, string]>([
  ['letters', 'abc', 'cba'],
  ['nothing', '', ''],
  ['a line break at the end', 'ab\n', '\nba'],
  ['a family', 'a👩‍👩‍👧b', 'b👩‍👩‍👧a'],
  ['a flag', '🇩🇪x', 'x🇩🇪'],
  ['a combined accent', 'e\u0301x', 'xe\u0301'],
  ['a Windows line break', 'a\r\nb', 'b\r\na'],
])('backwards: %s', (_what, text, expected) => {
  expect(reverseText(text)).toBe(expected)
})

test('backwards twice is the text', () => {
  const text = 'Grüße, 世界! 👋🏽 नमस्ते\n\t1→2'
  expect(reverseText(reverseText(text))).toBe(text)
})
