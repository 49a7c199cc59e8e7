import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { describe, expect, test } from 'vitest'
import { isEphemeral, Turn } from '../../src/session/turn.ts'

const message = (fields: Record<string, unknown>): SDKMessage => fields as never
const lifecycle = (state: string, command_uuid = 'a'): SDKMessage =>
  message({ type: 'command_lifecycle', state, command_uuid })
const result = message({ type: 'result', subtype: 'success' })

describe('a prompt', () => {
  test('ends with its command_lifecycle, not with a result', () => {
    const turn = new Turn('a')
    expect(turn.hear(lifecycle('queued'))).toBeUndefined()
    expect(turn.hear(lifecycle('started'))).toBeUndefined()
    expect(turn.hear(result)).toBeUndefined()
    expect(turn.hear(lifecycle('completed'))).toBe('completed')
  })

  test('is not ended by the end of another one', () => {
    const turn = new Turn('a')
    turn.hear(lifecycle('queued'))
    expect(turn.hear(lifecycle('completed', 'b'))).toBeUndefined()
  })

  test('ends with its result where the CLI says nothing of its life', () => {
    expect(new Turn('a').hear(result)).toBe('completed')
  })

  test('that was interrupted says so, however the CLI calls it', () => {
    for (const state of ['completed', 'cancelled']) {
      const turn = new Turn('a')
      turn.hear(lifecycle('started'))
      turn.interrupt()
      expect(turn.hear(lifecycle(state))).toBe('interrupted')
    }
  })

  test('is started once the CLI says so', () => {
    const turn = new Turn('a')
    turn.hear(lifecycle('queued'))
    expect(turn.isStarted).toBe(false)
    turn.hear(lifecycle('started', 'b'))
    expect(turn.isStarted).toBe(false)
    turn.hear(lifecycle('started'))
    expect(turn.isStarted).toBe(true)
  })

  test('is cancelled, not completed, when the CLI dropped it', () => {
    expect(new Turn('a').hear(lifecycle('cancelled'))).toBe('cancelled')
  })

  test('survives messages of any other shape', () => {
    const turn = new Turn('a')
    for (const odd of [
      {},
      { type: 'command_lifecycle' },
      { type: 'command_lifecycle', command_uuid: 'a', state: 7 },
      { type: 'new' },
    ])
      expect(turn.hear(message(odd))).toBeUndefined()
  })
})

test.each([
  [{ type: 'stream_event' }, true],
  [{ type: 'tool_progress' }, true],
  [{ type: 'system', subtype: 'thinking_tokens' }, true],
  [{ type: 'system', subtype: 'hook_progress' }, true],
  [{ type: 'system', subtype: 'task_progress' }, true],
  [{ type: 'system', subtype: 'init' }, false],
  [{ type: 'system', subtype: 'a_new_one' }, false],
  [{ type: 'assistant' }, false],
  [{ type: 'result', subtype: 'success' }, false],
  [{ type: 'a_new_one' }, false],
])('of messages only parts and progress are live only: %o → %s', (fields, expected) => {
  expect(isEphemeral(message(fields))).toBe(expected)
})
