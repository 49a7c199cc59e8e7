import type { LoggedEvent, NewEvent } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import { SessionState } from '../../src/session/state.ts'
import { asked, began, numbered, prompted, promptEnded, said, settled, spoke, started } from './events.ts'
import { answer, LIFE, question } from './life.ts'

function fold(events: readonly LoggedEvent[], state = new SessionState()): SessionState {
  for (const event of events) state.apply(event)
  return state
}

const copy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value

/** Everything that a state tells. */
function look(state: SessionState): unknown {
  const { openPrompts, asks, answeredQuestion, notice, usageNow, conversation } = state
  return copy({
    snapshot: state.snapshot,
    openPrompts,
    asks,
    answeredQuestion,
    notice,
    usageNow,
    said: [...conversation.said],
  })
}

/** The moments at which a session is written down as being at rest: nothing runs. */
function restsOf(events: readonly LoggedEvent[]): number[] {
  return events.flatMap((event, index) =>
    event.type === 'status' &&
    event.status !== 'running' &&
    !(event.status === 'requires_action' && events[index - 1]?.['deferred' as never] === undefined)
      ? index + 1
      : [],
  )
}

describe('the state of a session', () => {
  test('is the same whether its events are read from the start or from any rest on', () => {
    const events = numbered(LIFE)
    const whole = look(fold(events))
    const rests = restsOf(events)
    expect(rests).toHaveLength(5)
    for (const rest of rests) {
      const snapshot = copy(fold(events.slice(0, rest)).snapshot)
      expect(look(fold(events, new SessionState(snapshot))), `from ${rest} on`).toEqual(whole)
      // Every event that the snapshot has already counts once.
      expect(look(fold(events.slice(0, rest), new SessionState(snapshot)))).toEqual(
        look(fold(events.slice(0, rest))),
      )
    }
  })

  test('is the same from a snapshot at any event, as one is kept before the log drops its beginning', () => {
    const events = numbered(LIFE)
    const whole = look(fold(events))
    for (const seq of events.keys()) {
      const snapshot = copy(fold(events.slice(0, seq)).snapshot)
      expect(look(fold(events.slice(seq), new SessionState(snapshot))), `from ${seq} on`).toEqual(whole)
    }
  })

  test('at a rest tells what is left to do', () => {
    const events = numbered(LIFE)
    const atQuestion = events.findIndex(({ type }) => type === 'ask') + 2
    const state = fold(events.slice(0, atQuestion))
    expect(state.openPrompts).toMatchObject([{ uuid: 'two', data: { uuid: 'two' } }])
    expect(state.asks).toMatchObject([{ ask: 'q1', deferred: true, seq: atQuestion - 1 }])
    expect([...state.conversation.said]).toEqual(['m2'])
    const restored = new SessionState(copy(state.snapshot))
    expect([...restored.conversation.said]).toEqual(['m2'])
  })

  test('takes an event that it has already no second time', () => {
    const events = numbered(LIFE)
    expect(look(fold([...events, ...events]))).toEqual(look(fold(events)))
  })
})

describe('a prompt', () => {
  test('is open from its acceptance to its end, with what was said until then and no longer', () => {
    const state = fold(numbered([prompted('a'), prompted('b')]))
    expect(state.openPrompts.map(({ uuid }) => uuid)).toEqual(['a', 'b'])
    fold(numbered([promptEnded('a', 'completed')], 3), state)
    expect(state.openPrompts.map(({ uuid }) => uuid)).toEqual(['b'])
    expect(state.prompt('a')).toMatchObject({ outcome: 'completed', seq: 1 })
    expect(state.prompt('a')).not.toHaveProperty('data')
  })

  test('ends once: what is told of it after its end changes nothing', () => {
    const state = fold(
      numbered([
        prompted('a'),
        promptEnded('a', 'interrupted'),
        promptEnded('a', 'completed'),
        promptEnded('unknown', 'completed'),
      ]),
    )
    expect(state.prompt('a')?.outcome).toBe('interrupted')
    expect(state.usageNow.turns).toBe(1)
  })

  test('that is cancelled while another runs leaves the memory of that turn alone', () => {
    const events = [
      prompted('runs'),
      prompted('waits'),
      spoke('m1'),
      asked('q', question),
      settled('q', 'answered', answer),
      promptEnded('waits', 'cancelled'),
    ]
    const state = fold(numbered(events))
    expect([...state.conversation.said]).toEqual(['m1'])
    expect(state.answeredQuestion).toBe('q')
    fold(numbered([promptEnded('runs', 'completed')], 7), state)
    expect([...state.conversation.said]).toEqual([])
    expect(state.answeredQuestion).toBeUndefined()
  })

  test('is remembered by its uuid for 10,000 further ones, and longer while it is open', () => {
    const events: NewEvent[] = [prompted('open'), prompted('first'), promptEnded('first', 'completed')]
    for (let i = 0; i < 10_000; i += 1) events.push(prompted(`p${i}`), promptEnded(`p${i}`, 'completed'))
    const state = fold(numbered(events))
    expect(state.prompt('first')).toBeUndefined()
    expect(state.prompt('p9999')).toBeDefined()
    expect(state.openPrompts.map(({ uuid }) => uuid)).toEqual(['open'])
  })
})

describe('an ask', () => {
  test('that is lost becomes a notice for the model, until a later turn that was told has ended', () => {
    const state = fold(numbered([prompted('a'), began('sdk-1'), asked('p'), settled('p', 'lost')]))
    const told = [
      promptEnded('a', 'interrupted'),
      prompted('b'),
      promptEnded('b', 'cancelled'),
      prompted('c'),
    ]
    fold(numbered(told, 5), state)
    expect(state.asks).toEqual([])
    expect(state.notice).toContain('permission to use Write; the tool did not run')
    fold(numbered([began('sdk-1')], 9), state)
    expect(state.notice).toBeDefined()
    fold(numbered([promptEnded('c', 'completed')], 10), state)
    expect(state.notice).toBeUndefined()
  })

  test('keeps its answer only where a turn without a process has to be told', () => {
    const state = fold(
      numbered([
        asked('plain'),
        settled('plain', 'answered', answer),
        asked('q', question),
        settled('q', 'answered', answer),
      ]),
    )
    expect(state.settled('plain')).toEqual({ outcome: 'answered', by: 'ada' })
    expect(state.settled('q')).toEqual({ outcome: 'answered', ...answer })
    expect(state.settled('never')).toBeUndefined()
  })
})

describe('the conversation', () => {
  test('has as its anchor the last words of the last turn that ended in order', () => {
    const state = fold(
      numbered([
        prompted('a'),
        started('sdk-1'),
        spoke('m1'),
        spoke('m2'),
        promptEnded('a', 'completed'),
        prompted('b'),
        spoke('m3'),
        promptEnded('b', 'interrupted'),
      ]),
    )
    expect(state.conversation).toMatchObject({ sdkSessionId: 'sdk-1', begun: true, anchor: 'm2' })
  })

  test('forgets it with a reset and with a process that begins anew, and goes by the newest id', () => {
    const begun = [prompted('a'), started('sdk-1'), spoke('m1'), promptEnded('a', 'completed')]
    const reset = said({ type: 'conversation_reset', new_conversation_id: 'not-it', session_id: 'sdk-1' })
    for (const [end, id] of [
      [reset, undefined],
      [started('sdk-2'), 'sdk-2'],
    ] as const) {
      const state = fold(numbered([...begun, end]))
      expect([state.conversation.sdkSessionId, state.conversation.anchor, state.conversation.begun]).toEqual([
        id,
        undefined,
        false,
      ])
    }
    const next = fold(numbered([...begun, reset, began('sdk-3')]))
    expect(next.conversation.sdkSessionId).toBe('sdk-3')
    expect([...next.conversation.sdkSessionIds]).toEqual(['sdk-1', 'sdk-3'])
  })
})
