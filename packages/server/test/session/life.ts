import type { NewEvent } from '@claude-agent/protocol'
import {
  asked,
  began,
  prompted,
  promptEnded,
  resulted,
  said,
  settled,
  spoke,
  started,
  status,
} from './events.ts'

/** Of an ask that no process waits for. */
export const question = { deferred: true }
/** Of its settlement. */
export const answer = { by: 'ada', result: { behavior: 'allow', updatedInput: { answers: { a: 'b' } } } }

/** A long life: turns, a question over a restart, a lost permission, `/clear`, a prompt that joined. */
export const LIFE: NewEvent[] = [
  prompted('one'),
  status('running'),
  started('sdk-1'),
  began('sdk-1'),
  spoke('m1'),
  resulted(0.1, 10),
  promptEnded('one', 'completed'),
  status('idle'),
  prompted('two'),
  status('running'),
  spoke('m2'),
  spoke('aside', { parent_tool_use_id: 'toolu_9' }),
  asked('q1', question),
  status('requires_action'),
  settled('q1', 'answered', answer),
  status('running'),
  started('sdk-1', true, {
    totals: {
      costUsd: 0.1,
      inputTokens: 0,
      outputTokens: 10,
      cacheReadInputTokens: 0,
      cacheCreationInputTokens: 0,
    },
  }),
  began('sdk-1'),
  spoke('m3'),
  resulted(0.3, 30),
  promptEnded('two', 'completed'),
  status('idle'),
  prompted('three'),
  status('running'),
  prompted('joined', 'joined', { turn: 'running' }),
  spoke('m4'),
  asked('p1'),
  status('requires_action'),
  settled('p1', 'lost'),
  promptEnded('joined', 'interrupted'),
  promptEnded('three', 'interrupted'),
  status('idle'),
  prompted('four'),
  promptEnded('four', 'cancelled'),
  prompted('five'),
  status('running'),
  said({ type: 'conversation_reset', new_conversation_id: 'x', session_id: 'sdk-1' }),
  began('sdk-2'),
  resulted(0.05, 5),
  promptEnded('five', 'completed'),
  status('idle'),
  { type: 'session_updated', title: 'x' },
  { type: 'info', data: 'x' },
]
