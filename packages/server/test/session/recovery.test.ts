import type { NewEvent } from '@claude-agent/protocol'
import { describe, expect, test } from 'vitest'
import { recover, type Recovery } from '../../src/session/recovery.ts'
import { SessionState } from '../../src/session/state.ts'
import { attachment, call, gave, prompt, transcriptOf, words, type Line } from '../agent/transcript-file.ts'
import { asked, numbered, prompted, promptEnded, settled, spoke, started } from './events.ts'

/** What is decided about the open prompts of a session with these events and this transcript. */
async function decide(
  events: readonly NewEvent[],
  lines: readonly Line[] | undefined,
): Promise<Recovery & { story: string[] }> {
  const state = new SessionState()
  for (const event of numbered(events)) state.apply(event)
  const transcript = lines === undefined ? undefined : await transcriptOf(...lines)
  const recovery = recover(state.openPrompts, state, transcript)
  return { ...recovery, story: recovery.events.map(tell) }
}

function tell(event: NewEvent): string {
  if (event.type === 'sdk_message')
    return `${event.recovered === true ? 'recovered' : 'said'} ${event.data.uuid}`
  if (event.type === 'prompt_ended') return `${event.uuid} ${event.outcome}`
  return event.type === 'error' ? event.code : event.type
}

const uuids = (prompts: Recovery['again']): string[] => prompts.map(({ uuid }) => uuid)
const BEFORE = [started('s'), prompted('z'), spoke('z1'), promptEnded('z', 'completed')]
const KEPT: Line[] = [prompt('z', null), words('z1', 'z')]
const P = prompt('p', 'z1')

describe('a prompt whose agent died', () => {
  // The points at which a kill was measured, and what the transcript holds then.
  test.each<[string, NewEvent[], Line[] | undefined, { again?: string[]; story?: string[] }]>([
    ['before there was a transcript: runs again', [], undefined, { again: ['p'] }],
    ['after it was queued, with an empty transcript: runs again', [], [], { again: ['p'] }],
    ['before the model heard of it: runs again', [], KEPT, { again: ['p'] }],
    ['while the model was asked: is interrupted', [], [...KEPT, P], { story: ['p interrupted'] }],
    [
      'in the middle of a stream: is interrupted',
      [],
      [...KEPT, P, attachment('x', 'p')],
      { story: ['p interrupted'] },
    ],
    [
      'in a tool: is interrupted',
      [spoke('c1')],
      [...KEPT, P, call('c1', 'p', 't1')],
      { story: ['p interrupted'] },
    ],
    [
      'after a tool that the log lacks: has it recovered',
      [spoke('c1')],
      [...KEPT, P, call('c1', 'p', 't1'), gave('r1', 'c1', 't1')],
      { story: ['recovered r1', 'p interrupted'] },
    ],
    [
      'after its last words, which the log lacks: is completed with them',
      [],
      [...KEPT, P, words('p1', 'p')],
      { story: ['recovered p1', 'p completed'] },
    ],
    [
      'after its last words, which both have: is completed',
      [spoke('p1')],
      [...KEPT, P, words('p1', 'p')],
      { story: ['p completed'] },
    ],
    [
      'after its last words, which the transcript lacks: is interrupted, and it is said that they are forgotten',
      [spoke('p1')],
      [...KEPT, P],
      { story: ['history_lost', 'p interrupted'] },
    ],
    [
      'after words of which the transcript has the first only',
      [spoke('p1'), spoke('p2')],
      [...KEPT, P, words('p1', 'p', {}, null)],
      { story: ['history_lost', 'p interrupted'] },
    ],
  ])('%s', async (_name, events, lines, { again = [], story = [] }) => {
    const recovery = await decide([...BEFORE, prompted('p'), ...events], lines)
    expect([uuids(recovery.again), recovery.story, recovery.suspended]).toEqual([again, story, []])
  })

  test('leaves those behind it to run, in order, and takes one with it that had joined its turn', async () => {
    const joined = attachment('x', 'p', { type: 'queued_command', source_uuid: 'joined' })
    const events = [
      ...BEFORE,
      prompted('p'),
      prompted('joined', 'j', { turn: 'running' }),
      prompted('q'),
      prompted('r'),
    ]
    const { again, story } = await decide(events, [...KEPT, P, joined])
    expect(uuids(again)).toEqual(['q', 'r'])
    expect(story).toEqual(['p interrupted', 'joined interrupted'])
  })

  test('does not have said of it what was said in turns before it', async () => {
    const { story } = await decide([...BEFORE, prompted('p')], [...KEPT, P, words('p1', 'p')])
    expect(story).not.toContain('recovered z1')
  })
})

describe('a prompt that waits for the answer to a question', () => {
  const asking = [...BEFORE, prompted('p'), spoke('c1'), asked('t1', { deferred: true })]
  const held = [...KEPT, P, call('c1', 'p', 't1')]
  const answered = settled('t1', 'answered', { by: 'ada', result: { behavior: 'allow' } })

  test('goes on waiting, without an end', async () => {
    const { suspended, story } = await decide(asking, held)
    expect([uuids(suspended), story]).toEqual([['p'], []])
  })

  test('goes on with the answer that the agent was not told', async () => {
    const { suspended, story } = await decide([...asking, answered], held)
    expect([uuids(suspended), story]).toEqual([['p'], []])
  })

  test('has ended where the agent was told, and died after that', async () => {
    const { suspended, story } = await decide(
      [...asking, answered, spoke('r1')],
      [...held, gave('r1', 'c1', 't1')],
    )
    expect([uuids(suspended), story]).toEqual([[], ['p interrupted']])
  })

  test('with prompts behind it: those still wait', async () => {
    const { suspended, again } = await decide([...asking, prompted('q')], held)
    expect([uuids(suspended), uuids(again)]).toEqual([['p'], ['q']])
  })
})
