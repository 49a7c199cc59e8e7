import type { SDKPartialAssistantMessage } from '@anthropic-ai/claude-agent-sdk'
import { expect, test } from 'vitest'
import { StreamParts } from '../../src/query/stream-parts.ts'

type StreamEvent = SDKPartialAssistantMessage['event']

const part = (event: object, speaker: string | null = null) =>
  ({
    type: 'stream_event',
    event: event as StreamEvent,
    parent_tool_use_id: speaker,
  }) as SDKPartialAssistantMessage
const start = (id: string) => ({ type: 'message_start', message: { id } })
const block = (index: number) => ({
  type: 'content_block_start',
  index,
  content_block: { type: 'text', text: '' },
})
const text = (index: number, value: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'text_delta', text: value },
})
const stop = (index: number) => ({ type: 'content_block_stop', index })

/** What comes through, as short words. */
function play(
  parts: StreamParts,
  ...events: [event: object, isReplayed?: boolean, speaker?: string][]
): string[] {
  return events.flatMap(([event, isReplayed = false, speaker]) => {
    const heard = parts.hear(part(event, speaker), isReplayed)?.event
    if (heard === undefined) return []
    if (heard.type === 'content_block_delta') return [(heard.delta as { text: string }).text]
    return [heard.type.replace(/^(content|message)_/, '')]
  })
}

test('parts that come once come through as they are', () => {
  const heard = play(
    new StreamParts(),
    [start('m')],
    [block(0)],
    [text(0, 'one ')],
    [text(0, 'two')],
    [stop(0)],
  )
  expect(heard).toEqual(['start', 'block_start', 'one ', 'two', 'block_stop'])
})

test('what is said again after a drop is cut off where it was known', () => {
  const parts = new StreamParts()
  play(parts, [start('m')], [block(0)], [text(0, 'one ')], [text(0, 'two ')])
  const again = play(
    parts,
    [start('m'), true],
    [block(0), true],
    [text(0, 'one two three '), true],
    [text(0, 'four')],
  )
  expect(again).toEqual(['three ', 'four'])
  // And after another one.
  const once = play(parts, [start('m'), true], [block(0), true], [text(0, 'one two three four five'), true])
  expect(once).toEqual([' five'])
})

test('a block and a message that began during the drop come whole', () => {
  const parts = new StreamParts()
  play(parts, [start('m')], [block(0)], [text(0, 'one')])
  const again = play(
    parts,
    [start('m'), true],
    [block(0), true],
    [text(0, 'one'), true],
    [stop(0), true],
    [block(1), true],
    [text(1, 'next'), true],
  )
  expect(again).toEqual(['block_stop', 'block_start', 'next'])
  expect(play(parts, [start('n'), true], [block(0), true], [text(0, 'other'), true])).toEqual([
    'start',
    'block_start',
    'other',
  ])
})

test('subagents stream beside the agent', () => {
  const parts = new StreamParts()
  play(
    parts,
    [start('m')],
    [block(0)],
    [text(0, 'agent')],
    [start('s'), false, 'tool'],
    [block(0), false, 'tool'],
  )
  const again = play(
    parts,
    [start('m'), true],
    [block(0), true],
    [text(0, 'agent!'), true],
    [start('s'), true, 'tool'],
    [block(0), true, 'tool'],
    [text(0, 'sub'), true, 'tool'],
  )
  expect(again).toEqual(['!', 'sub'])
})
