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

test.each([
  [['--port', '-1'], /--port/],
  [['--port', '1.5'], /not '1\.5'/],
  [['--port', ''], /not ''/],
  [['--port', '0x10'], /not '0x10'/],
  [['--port', '99999'], /not '99999'/],
  [['--verbose=yes'], /--verbose/],
  [['--script'], /--script/],
  [['serve'], /serve/],
])('%j is refused with a hint', (args, message) => {
  expect(() => readCommandLine(args)).toThrow(message)
  expect(() => readCommandLine(args)).toThrow(
    expect.objectContaining({ code: 'invalid_option', hint: 'See scripted-claude --help.' }),
  )
})

test('the help names the default port', () => {
  expect(helpText).toContain(`default: ${defaultPort}`)
})
