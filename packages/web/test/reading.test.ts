import { AgentServerError } from '@claude-agent/protocol'
import { expect, test } from 'vitest'
import { describeConnection } from '../src/conversation/connection.ts'
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

const circumstances = { failures: 0, hasToken: false, nowMs: 1000 }
const failure = (
  code: 'already_connected' | 'auth_timeout' | 'invalid_setting' | 'unauthorized' | 'origin_refused',
  retryAfterMs?: number,
) => new AgentServerError({ code, message: code, retryAfterMs })

test('a busy server is tried again by itself, later each time, and never before the server says', () => {
  const state = { status: 'closed' as const, error: failure('already_connected') }
  const waits = [0, 1, 2, 10].map((failures) => describeConnection(state, { ...circumstances, failures }))
  expect(waits.map((wait) => wait.status === 'waiting' && wait.retryAtMs - 1000)).toEqual([
    1000, 2000, 4000, 15_000,
  ])
  const told = { ...state, error: failure('already_connected', 60_000) }
  expect(describeConnection(told, circumstances)).toMatchObject({ status: 'waiting', retryAtMs: 61_000 })
})

test('a missing token is asked for, and a wrong one is called wrong', () => {
  const state = { status: 'closed' as const, error: failure('unauthorized') }
  expect(describeConnection(state, circumstances)).toEqual({ status: 'token_needed', refused: false })
  const impossible = { status: 'closed' as const, error: failure('invalid_setting') }
  expect(describeConnection(impossible, { ...circumstances, hasToken: true })).toMatchObject({
    refused: true,
  })
  const silent = { status: 'reconnecting' as const, error: failure('auth_timeout'), retryInMs: 500 }
  expect(describeConnection(silent, circumstances)).toEqual({ status: 'token_needed', refused: false })
  expect(describeConnection(state, { ...circumstances, hasToken: true })).toEqual({
    status: 'token_needed',
    refused: true,
  })
})

test('what no retry can help is not retried', () => {
  const state = { status: 'closed' as const, error: failure('origin_refused') }
  expect(describeConnection(state, circumstances)).toMatchObject({ status: 'failed' })
})

test('while the client waits for its own retry, the page shows when it comes', () => {
  const state = { status: 'reconnecting' as const, error: failure('already_connected'), retryInMs: 500 }
  expect(describeConnection(state, circumstances)).toMatchObject({ status: 'waiting', retryAtMs: 1500 })
})

test('the reason of the last failure stays in view while the next attempt is under way', () => {
  const lastError = failure('already_connected')
  const shown = describeConnection({ status: 'connecting' }, { ...circumstances, lastError })
  expect(shown).toEqual({ status: 'connecting', error: lastError })
})
