import { expect, test } from 'vitest'
import { readCommandLine } from '../src/commands/command-line.ts'
import { defaultPort, helpText } from '../src/commands/help.ts'

test('without flags there are defaults', () => {
  expect(readCommandLine([])).toEqual({
    name: 'serve',
    port: defaultPort,
    host: '127.0.0.1',
    script: undefined,
    onUnmatched: 'error',
    isVerbose: false,
  })
})

test.each([
  [['--port', '0'], { port: 0 }],
  [['--port=65535'], { port: 65_535 }],
  [['--host', '0.0.0.0'], { host: '0.0.0.0' }],
  [['--script', 'a b.json'], { script: 'a b.json' }],
  [['--on-unmatched', 'text'], { onUnmatched: 'text' }],
  [['--verbose'], { isVerbose: true }],
  [['--help'], { name: 'help' }],
  [['-h'], { name: 'help' }],
  [['--version'], { name: 'version' }],
  [['--port', '1', '--host', 'h', '--script', 's'], { port: 1, host: 'h', script: 's' }],
])('%j is read', (args, expected) => {
  expect(readCommandLine(args)).toMatchObject(expected)
})

test('a command with a cassette has its flags, and a program after --', () => {
  expect(
    readCommandLine(['record', '--cassette', 'c.json', '--pauses', '--redact', 'a.c', '--redact', 'x']),
  ).toEqual({
    name: 'record',
    port: defaultPort,
    host: '127.0.0.1',
    isVerbose: false,
    cassette: 'c.json',
    redact: [/a.c/, /x/],
    program: [],
    upstream: undefined,
    pauses: true,
  })
  const flags = ['--match', 'strict', '--on-used-up', 'repeat', '--all', '--no-pauses']
  expect(
    readCommandLine(['assert', '--cassette', 'c.json', ...flags, '--', 'npm', 'test', '--', '--all']),
  ).toEqual({
    name: 'assert',
    port: 0,
    host: '127.0.0.1',
    isVerbose: false,
    cassette: 'c.json',
    redact: [],
    program: ['npm', 'test', '--', '--all'],
    match: 'strict',
    onUsedUp: 'repeat',
    pauses: false,
    isAll: true,
  })
})

test.each([
  [['--port', '-1'], /--port/],
  [['--port', '1.5'], /not '1\.5'/],
  [['--port', ''], /not ''/],
  [['--port', '0x10'], /not '0x10'/],
  [['--port', '99999'], /not '99999'/],
  [['--verbose=yes'], /--verbose/],
  [['--script'], /--script/],
  [['serve'], /serve/],
  [['record'], /record needs --cassette/],
  [['replay', '--cassette', ''], /replay needs --cassette/],
  [['replay', '--cassette', 'x', '--all'], /Unknown option '--all'/],
  [['replay', '--cassette', 'x', '--match', 'rough'], /--match is loose or strict, not 'rough'/],
  [['assert', '--cassette', 'x', '--on-used-up', 'shrug'], /--on-used-up is error or repeat/],
  [['record', '--cassette', 'x', '--redact', '(secret'], /^--redact is not a regular expression\.$/],
  [['assert', '--cassette', 'x', '--'], /no command after --/],
  [['record', 'x', '--cassette', 'x'], /Unexpected argument 'x'/],
])('%j is refused with a hint', (args, message) => {
  expect(() => readCommandLine(args)).toThrow(message)
  expect(() => readCommandLine(args)).toThrow(
    expect.objectContaining({ code: 'invalid_option', hint: 'See scripted-claude --help.' }),
  )
})

test('the help names the default port', () => {
  expect(helpText).toContain(`default: ${defaultPort}`)
})
