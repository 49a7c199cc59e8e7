import { expect, test } from 'vitest'
import { readPartialInput } from '../src/transcript/partial-input.ts'
import { readDiff } from '../src/view/diff.ts'
import { parseBlocks, parseSpans } from '../src/view/prose.ts'
import { cardsOfKind, play, readRecording, sdk } from './recording.ts'

test('the beginning of a JSON input can be read at any length', () => {
  const json = JSON.stringify({ file_path: '/a "b"/ü\n', content: 'line 1\nline 2 \\ é', replace_all: true })
  for (let length = 0; length <= json.length; length += 1) {
    const read = readPartialInput(json.slice(0, length))
    expect('/a "b"/ü\n').toContain(read['file_path'] ?? '')
    expect('line 1\nline 2 \\ é').toContain(read['content'] ?? '')
  }
  expect(readPartialInput(json)).toEqual({ file_path: '/a "b"/ü\n', content: 'line 1\nline 2 \\ é' })
})

test('code is set apart from text, also while its fence is open', () => {
  expect(parseBlocks('Look:\n\n```ts\nlet a = 1\n```\nDone.')).toEqual([
    { kind: 'text', text: 'Look:' },
    { kind: 'code', language: 'ts', text: 'let a = 1' },
    { kind: 'text', text: 'Done.' },
  ])
  expect(parseBlocks('```\nhalf')).toEqual([{ kind: 'code', language: '', text: 'half' }])
  expect(parseBlocks('````\n```\ninner\n```\n````')).toEqual([
    { kind: 'code', language: '', text: '```\ninner\n```' },
  ])
})

test('no character of an answer is lost but the marks', () => {
  const text = '# Title\nuse `npm test` and **be careful**, 2 ** 3 is `open'
  expect(parseSpans(text)).toEqual([
    { kind: 'strong', text: 'Title' },
    { kind: 'plain', text: '\nuse ' },
    { kind: 'code', text: 'npm test' },
    { kind: 'plain', text: ' and ' },
    { kind: 'strong', text: 'be careful' },
    { kind: 'plain', text: ', 2 ** 3 is `open' },
  ])
})

test('an edit shows the lines of the patch, and before there is one, old and new', () => {
  const edit = cardsOfKind(play(readRecording('edit-file').map(sdk)), 'tool').find(
    (card) => card.name === 'Edit',
  )!
  expect(readDiff(edit.input, edit.result?.details ?? {})).toEqual([
    { sign: '-', text: '!tnega ,olleH' },
    { sign: '+', text: '!dlrow ,olleH' },
  ])
  expect(readDiff(edit.input, {})).toEqual([
    { sign: '-', text: '!tnega' },
    { sign: '+', text: '!dlrow' },
  ])
})
