import { writeFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import type { CassetteAnswer, CassetteExchange } from '../src/cassette/cassette.ts'
import type { ReplayOptions, Rule } from '../src/index.ts'
import { cassettePath, replayOf, startRecording, startReplaying } from './support/cassette.ts'
import { startRules } from './support/scripted.ts'
import { ask, openStream, post, streamEvents } from './support/wire.ts'

/** A replay of one answer to the prompt "go". */
async function replayAnswer(answer: CassetteAnswer, more: Partial<ReplayOptions> = {}) {
  const path = await cassettePath()
  const request = {
    method: 'POST',
    path: '/v1/messages',
    kind: 'message',
    model: 'claude-test-1',
    stream: true,
    says: ['go'],
  } as const
  const exchange: CassetteExchange = { request: { ...request, says: [...request.says] }, answer }
  await writeFile(path, JSON.stringify({ scriptedClaudeCassette: 1, exchanges: [exchange] }))
  return startReplaying(path, more)
}

const stream = { 'content-type': 'text/event-stream' }

test('a stream is the one that was recorded', async () => {
  const path = await cassettePath()
  const api = await startRules([
    { steps: [{ thinking: 'Hm.' }, { text: 'wörld' }, { toolUse: { name: 'Bash', input: { a: 'b' } } }] },
  ])
  const recorder = await startRecording(api, path)
  const recorded = await streamEvents(recorder)
  await recorder.close()
  expect(await streamEvents(await startReplaying(path))).toEqual(recorded)
})

test('errors are played with their status, retry-after is kept or hurried', async () => {
  const rules: Rule[] = [{ steps: [{ error: { status: 529, retryAfterSeconds: 7 } }] }]
  const kept = await post(await replayOf(rules, ['go']), 'go')
  expect([kept.status, kept.headers.get('retry-after')]).toEqual([529, '7'])
  const hurried = await post(await replayOf(rules, ['go'], { pauses: false }), 'go')
  expect(hurried.headers.get('retry-after')).toBe('0')
  expect(await hurried.json()).toMatchObject({ error: { type: 'overloaded_error' } })
})

test.each(['cut', 'cut-mid-event'] as const)('a connection that broke (%s) breaks again', async (end) => {
  const replay = await replayAnswer({
    status: 200,
    headers: stream,
    events: [{ data: { type: 'ping' } }],
    end,
  })
  const reader = await openStream(replay)
  await expect(reader.end()).rejects.toThrow()
  expect(reader.text).toBe(
    `event: ping\ndata: {"type":"ping"}\n\n${end === 'cut' ? '' : 'event: content_block_delta\ndata: {"type":"content_bl'}`,
  )
})

test('an answer that its client left goes on to be open', async () => {
  const replay = await replayAnswer({
    status: 200,
    headers: stream,
    events: [{ data: { type: 'ping' } }],
    end: 'left',
  })
  const reader = await openStream(replay)
  await reader.until('ping')
  expect(replay.requests[0]?.outcome).toBe('open')
  await reader.cancel()
  await vi.waitFor(() => expect(replay.requests[0]?.outcome).toBe('aborted'))
})

test('pauses are recorded where they are asked for, and played unless they are not wanted', async () => {
  const path = await cassettePath()
  const api = await startRules([
    { steps: [{ text: 'x'.repeat(5), pace: { deltaSize: 1, deltasPerSecond: 20 } }] },
  ])
  const recorder = await startRecording(api, path, { pauses: true })
  await streamEvents(recorder)
  await recorder.close()
  const timed = async (more: Partial<ReplayOptions>) => {
    const replay = await startReplaying(path, more)
    const start = performance.now()
    const events = await streamEvents(replay)
    return { ms: performance.now() - start, events: events.length }
  }
  const paced = await timed({})
  const hurried = await timed({ pauses: false })
  expect(paced.events).toBe(hurried.events)
  expect(paced.ms).toBeGreaterThan(150)
  expect(hurried.ms).toBeLessThan(paced.ms)
})

test('text with line breaks stays one event', async () => {
  const replay = await replayAnswer({
    status: 200,
    headers: stream,
    events: [{ event: 'x', text: 'a\nb' }, { data: { type: 'a\n\nb' } }],
  })
  expect(await (await openStream(replay)).end()).toBe(
    'event: x\ndata: a\ndata: b\n\ndata: {"type":"a\\n\\nb"}\n\n',
  )
})

test('a whole answer is JSON as it was', async () => {
  const replay = await replayOf([{ steps: [{ text: 'hello' }] }], ['go'])
  expect(await ask(replay)).toMatchObject({
    content: [{ type: 'text', text: 'hello' }],
    stop_reason: 'end_turn',
  })
})
