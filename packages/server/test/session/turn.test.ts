import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { describe, expect, test } from 'vitest'
import type { AcceptedPrompt } from '../../src/session/state.ts'
import { isEphemeral } from '../../src/session/telling.ts'
import { Turn } from '../../src/session/turn.ts'

const prompt: AcceptedPrompt = { uuid: 'a', seq: 1, content: 'hash', joins: false }
const message = (fields: Record<string, unknown>): SDKMessage => fields as never
const lifecycle = (state: string, command_uuid = 'a'): SDKMessage =>
  message({ type: 'command_lifecycle', state, command_uuid })
const result = message({ type: 'result', subtype: 'success' })
const question = { id: 'toolu_1', name: 'AskUserQuestion', input: { questions: [] } }
const deferred = message({ type: 'result', subtype: 'success', deferred_tool_use: question })

describe('a turn', () => {
  test('ends with its command_lifecycle, not with a result', () => {
    const turn = new Turn(prompt)
    expect(turn.hear(lifecycle('queued'))).toBeUndefined()
    expect(turn.hear(lifecycle('started'))).toBeUndefined()
    expect(turn.hear(result)).toBeUndefined()
    expect(turn.hear(lifecycle('completed'))).toBe('completed')
  })

  test('is not ended by the end of another one', () => {
    const turn = new Turn(prompt)
    turn.hear(lifecycle('queued'))
    expect(turn.hear(lifecycle('completed', 'b'))).toBeUndefined()
  })

  test('that was interrupted says so, however the CLI calls it', () => {
    for (const state of ['completed', 'cancelled']) {
      const turn = new Turn(prompt)
      turn.hear(lifecycle('started'))
      turn.interrupt()
      expect(turn.hear(lifecycle(state))).toBe('interrupted')
    }
  })

  test('is started once the CLI says so', () => {
    const turn = new Turn(prompt)
    turn.hear(lifecycle('queued'))
    expect(turn.isStarted).toBe(false)
    turn.hear(lifecycle('started', 'b'))
    expect(turn.isStarted).toBe(false)
    turn.hear(lifecycle('started'))
    expect(turn.isStarted).toBe(true)
  })

  test('is interrupted, not completed, when the CLI dropped it: it may stand in the conversation', () => {
    expect(new Turn(prompt).hear(lifecycle('cancelled'))).toBe('interrupted')
  })

  test('whose result holds a question has ended for now', () => {
    const turn = new Turn(prompt)
    turn.hear(lifecycle('started'))
    expect(turn.hear(deferred)).toBeUndefined()
    expect(turn.hear(lifecycle('completed'))).toBe('deferred')
    expect(turn.question).toEqual(question)
  })

  test('takes no question of a turn before it for its own', () => {
    const turn = new Turn(prompt)
    turn.hear(deferred)
    turn.hear(lifecycle('started'))
    expect(turn.hear(lifecycle('completed'))).toBe('completed')
  })

  test('that goes on after an answer follows the id that the CLI draws for it', () => {
    const turn = new Turn(prompt, true)
    expect(turn.goesOn).toBe(true)
    expect(turn.hear(lifecycle('completed', 'an earlier one'))).toBeUndefined()
    turn.hear(lifecycle('started', 'drawn'))
    expect(turn.isStarted).toBe(true)
    turn.hear(lifecycle('started', 'a later one'))
    expect(turn.hear(lifecycle('completed', 'a later one'))).toBeUndefined()
    expect(turn.hear(lifecycle('completed', 'drawn'))).toBe('completed')
  })

  test('survives messages of any other shape', () => {
    const turn = new Turn(prompt)
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
