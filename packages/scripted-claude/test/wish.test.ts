import { expect, test } from 'vitest'
import {
  fileNames,
  readCommand,
  readListing,
  readReading,
  readReversal,
  readWriting,
} from '../src/demo/wish.ts'

test.each<[string, string[]]>([
  ['read "input.txt" and "output.txt"', ['input.txt', 'output.txt']],
  ['read “input.txt”, then', ['input.txt']],
  ["read 'my notes.md' please", ['my notes.md']],
  ['read `src/a b.ts`', ['src/a b.ts']],
  ['read input.txt, reverse it, save it as output.txt.', ['input.txt', 'output.txt']],
  ['read ./deep/er/file.tar.gz!', ['./deep/er/file.tar.gz']],
  ['read /abs/olute.txt and ~/home.txt and ../up.txt', ['/abs/olute.txt', '~/home.txt', '../up.txt']],
  ['lies übung.txt und 日本.md', ['übung.txt', '日本.md']],
  ["what's in it? e.g. nothing, i.e. no file", []],
  ['no file here. None at all', []],
])('the file names in: %s', (text, expected) => {
  expect(fileNames(text)).toEqual(expected)
})

test.each<[string, ReturnType<typeof readReversal>]>([
  [
    'Please read "input.txt", reverse its content, and save it to a new file named "output.txt"',
    { source: 'input.txt', target: 'output.txt' },
  ],
  ['reverse a.md and save as b.md', { source: 'a.md', target: 'b.md' }],
  ['Write a.md backwards to b.md', { source: 'a.md', target: 'b.md' }],
  ['reverse notes.txt', { source: 'notes.txt', target: 'reversed-notes.txt' }],
  ['I want docs/notes.txt reversed', { source: 'docs/notes.txt', target: 'docs/reversed-notes.txt' }],
  ['REVERSE "my file" into "other file"', { source: 'my file', target: 'other file' }],
  ['reverse the string', undefined],
  ['read input.txt', undefined],
])('a wish to reverse: %s', (text, expected) => {
  expect(readReversal(text)).toEqual(expected)
})

test.each<[string, ReturnType<typeof readWriting>]>([
  ['Write a file hello.txt with the text "Hello, world"', { name: 'hello.txt', content: 'Hello, world' }],
  ['create a file named "a b.txt" containing: one, two', { name: 'a b.txt', content: 'one, two' }],
  ['Create the file x.json with content \'{"a": 1}\'', { name: 'x.json', content: '{"a": 1}' }],
  ['make a new file notes.md that says hi there', { name: 'notes.md', content: 'hi there' }],
  ['write "abc" to letters.txt', { name: 'letters.txt', content: 'abc' }],
  ['save the text `x = 1` into conf.ini please', { name: 'conf.ini', content: 'x = 1' }],
  ['write a file code.js with\n```js\nlet a = 1\n```', { name: 'code.js', content: 'let a = 1\n' }],
  [
    'write a file poem.txt',
    { name: 'poem.txt', content: 'This is poem.txt, written by a scripted model.\n' },
  ],
  ['write a file', undefined],
  ['write a poem', undefined],
])('a wish to write: %s', (text, expected) => {
  expect(readWriting(text)).toEqual(expected)
})

test.each<[string, string | undefined]>([
  ['run `ls -la`', 'ls -la'],
  ['Please run the command `echo "a b"` for me', 'echo "a b"'],
  ['can you execute\n```\nnpm test\n```', 'npm test'],
  ['$ git status', 'git status'],
  ['run ls -la', 'ls -la'],
  ['run the command: uname -a', 'uname -a'],
  ['Could you run "pwd"', 'pwd'],
  ['run a marathon', undefined],
  ['run my tests', undefined],
  ['I like to run', undefined],
  ['the runner said `hi`', undefined],
])('a wish to run: %s', (text, expected) => {
  expect(readCommand(text)).toBe(expected)
})

test.each<[string, string | undefined]>([
  ['list the files', '.'],
  ['What files are here?', '.'],
  ['show me the workspace', '.'],
  ['Which folders are there in src/lib?', 'src/lib'],
  ['list files in "/tmp/a"', '/tmp/a'],
  ['ls', '.'],
  ['list my virtues', undefined],
  ['hello', undefined],
])('a wish to list: %s', (text, expected) => {
  expect(readListing(text)?.folder).toBe(expected)
})

test.each<[string, string | undefined]>([
  ['read hello.txt', 'hello.txt'],
  ["what's in hello.txt?", 'hello.txt'],
  ['Show me "the file"', 'the file'],
  ['cat ./a.md', './a.md'],
  ['read me a story', undefined],
  ['hello.txt is mine', undefined],
])('a wish to read: %s', (text, expected) => {
  expect(readReading(text)?.name).toBe(expected)
})
