import { access, mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { removeTranscript, Transcript } from '../../src/agent/transcript.ts'
import {
  attachment,
  call,
  gave,
  placeTranscript,
  prompt,
  SESSION,
  transcriptOf,
  words,
  type Line,
} from './transcript-file.ts'

const AB: Line[] = [
  { type: 'queue-operation', operation: 'enqueue', content: 'says a' },
  prompt('a', null),
  attachment('x1', 'a'),
  words('a1', 'x1'),
  prompt('b', 'a1'),
  words('b1', 'b'),
  { type: 'last-prompt', leafUuid: 'b1' },
]

/** Two tools at once: each result hangs on its own call, and what follows on the last result only. */
const PARALLEL: Line[] = [
  prompt('a', null),
  call('c1', 'a', 't1'),
  call('c2', 'c1', 't2'),
  gave('r1', 'c1', 't1'),
  gave('r2', 'c2', 't2'),
  words('a1', 'r2'),
]

/** A compaction begins a chain of its own. */
const COMPACTED: Line[] = [
  ...AB.slice(0, 4),
  { type: 'system', subtype: 'compact_boundary', uuid: 'k', parentUuid: null, logicalParentUuid: 'a1' },
  prompt('s', 'k', { isCompactSummary: true }),
  prompt('b', 's'),
  words('b1', 'b'),
]

describe('a transcript leads back to what the session knows', () => {
  test.each([
    ['with notes in between', AB, 'a1', true],
    ['up to its last words', AB, 'b1', true],
    ['where nothing is known of it', AB, undefined, true],
    ['with tools that ran at the same time', PARALLEL, 'a1', true],
    ['past a compaction, to what was said since', COMPACTED, 'b1', true],
    ['past a compaction, to what was said before', COMPACTED, 'a1', true],
    ['not when it lacks that', AB, 'c1', false],
    ['not when the last words were cut off', AB.slice(0, 5), 'b1', false],
    ['not with a hole in the middle', [...AB.slice(0, 3), ...AB.slice(4)], 'b1', false],
    ['not when its chain has another beginning', [...AB, prompt('z', null), words('z1', 'z')], 'b1', false],
    ['not when its chain is a ring', [prompt('a', 'a1'), words('a1', 'a')], 'a1', false],
    ['not when it is empty', [], 'a1', false],
    [
      'with what a subagent said beside it',
      [...AB, words('side', 'nowhere', { isSidechain: true })],
      'b1',
      true,
    ],
  ])('%s', async (_name, lines, anchor, expected) => {
    expect((await transcriptOf(...lines)).leadsBackTo(anchor)).toBe(expected)
  })

  test('not when a line in the middle is damaged, but when the last one is torn', async () => {
    const damaged = await transcriptOf(...AB.slice(0, 4), '{"type":"user","uu\n', ...AB.slice(4))
    expect(damaged.leadsBackTo('b1')).toBe(false)
    const torn = await transcriptOf(...AB, '{"type":"user","uu')
    expect(torn.leadsBackTo('b1')).toBe(true)
  })
})

describe('a transcript', () => {
  test('is found by the id in whichever folder, and is not there otherwise', async () => {
    const { transcript, home, path } = await placeTranscript('')
    expect(transcript?.path).toBe(path)
    expect(await Transcript.read('another', { HOME: home })).toBeUndefined()
    expect(await Transcript.read(SESSION, { HOME: join(home, 'nowhere') })).toBeUndefined()
    expect(
      (await Transcript.read(SESSION, { HOME: '/', CLAUDE_CONFIG_DIR: join(home, '.claude') }))?.path,
    ).toBe(path)
  })

  test('has messages once there is one: what is only queued is none', async () => {
    expect((await transcriptOf()).hasMessages).toBe(false)
    expect((await transcriptOf(AB[0]!, { type: 'mode', mode: 'x' })).hasMessages).toBe(false)
    expect((await transcriptOf(...AB.slice(0, 2))).hasMessages).toBe(true)
  })

  test('has a prompt that had a turn, and one that was taken into the turn of another, but not one that was only queued', async () => {
    const folded = attachment('x', 'b', { type: 'queued_command', source_uuid: 'folded' })
    const merged = { ...AB[0]!, uuid: 'last', parentUuid: 'b', mergedSendUuids: ['merged', 'last'] }
    const transcript = await transcriptOf(...AB, folded, merged, { type: 'queue-operation', uuid: 'queued' })
    for (const [uuid, expected] of [
      ['a', true],
      ['b', true],
      ['folded', true],
      ['merged', true],
      ['last', true],
      ['queued', false],
      ['a1', false],
      ['c', false],
    ] as const)
      expect(transcript.hasPrompt(uuid), uuid).toBe(expected)
  })

  test('has the result of a tool when the model was told', async () => {
    const transcript = await transcriptOf(...PARALLEL.slice(0, 4))
    expect([transcript.hasResult('t1'), transcript.hasResult('t2')]).toEqual([true, false])
  })

  test('knows whether the turn of a prompt ran to its end', async () => {
    expect((await transcriptOf(...AB)).hasEnded('b')).toBe(true)
    expect((await transcriptOf(...AB.slice(0, 5))).hasEnded('b')).toBe(false)
    expect((await transcriptOf(...PARALLEL)).hasEnded('a')).toBe(true)
    expect((await transcriptOf(...PARALLEL.slice(0, 5))).hasEnded('a')).toBe(false)
    const aborted = words('b1', 'b', { isAbortedMidStream: true }, null)
    expect((await transcriptOf(...AB.slice(0, 5), aborted)).hasEnded('b')).toBe(false)
  })

  test('gives the messages since a prompt as the SDK would have: no prompts, no notes, nothing of subagents', async () => {
    const hidden = [
      words('side', 'b', { isSidechain: true }),
      prompt('meta', 'b', { isMeta: true, promptSource: undefined }),
      prompt('sum', 'b', { isCompactSummary: true, promptSource: undefined }),
      prompt('task', 'b', { promptSource: 'system' }),
    ]
    const transcript = await transcriptOf(
      ...AB.slice(0, 5),
      ...hidden,
      call('c1', 'b', 't1'),
      gave('r1', 'c1', 't1'),
      words('b1', 'r1'),
    )
    const messages = transcript.messagesSince('b')
    expect(messages.map(({ uuid }) => uuid)).toEqual(['c1', 'r1', 'b1'])
    expect(messages[1]).toEqual({
      type: 'user',
      uuid: 'r1',
      session_id: SESSION,
      parent_tool_use_id: null,
      message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'result' }] },
      timestamp: undefined,
      tool_use_result: { stdout: 'result' },
    })
    expect(messages[2]).toMatchObject({ type: 'assistant', request_id: 'req', timestamp: 't' })
    expect(transcript.messagesSince('a').map(({ uuid }) => uuid)).toEqual(['a1', 'c1', 'r1', 'b1'])
    expect(transcript.messagesSince('unknown')).toEqual([])
    expect((await transcriptOf(...PARALLEL)).messagesSince('a')).toHaveLength(5)
  })

  test('tells what the last process that ended in order had spent', async () => {
    const cost = (totalCostUSD: number): Line => ({ type: 'cost-state', totalCostUSD, modelUsage: {} })
    expect((await transcriptOf(...AB)).savedTotals).toBeUndefined()
    expect((await transcriptOf(cost(1), ...AB, cost(2))).savedTotals).toMatchObject({ totalCostUSD: 2 })
  })
})

describe('a transcript is made good', () => {
  const textOf = (lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

  test('by taking away a line that was not written whole, and nothing else', async () => {
    const { transcript, read } = await placeTranscript(`${textOf(AB)}{"type":"user","text":"ü`)
    await transcript!.repair()
    expect(await read()).toBe(textOf(AB))
    await transcript!.repair()
    expect(await read()).toBe(textOf(AB))
  })

  test('by noting its last entry where the noted one is a dead end', async () => {
    const fork = [...AB, words('b2', 'b'), { type: 'last-prompt', leafUuid: 'b1', lastPrompt: 'x' }]
    const { transcript, read } = await placeTranscript(textOf(fork))
    await transcript!.repair()
    expect(await read()).toBe(textOf([...fork, { type: 'last-prompt', leafUuid: 'b2', lastPrompt: 'x' }]))
  })

  test('by being put aside where it has no messages', async () => {
    const { transcript, path } = await placeTranscript('')
    await transcript!.putAside()
    const names = await readdir(dirname(path))
    expect(names).toHaveLength(1)
    expect(names[0]).not.toMatch(/\.jsonl$/)
  })
})

test('a transcript is removed with those of its subagents, and no other', async () => {
  const { home, path } = await placeTranscript('')
  const other = path.replace(SESSION, 'other')
  await writeFile(other, '')
  await mkdir(path.replace('.jsonl', '/subagents'), { recursive: true })
  await removeTranscript(SESSION, { HOME: home })
  await removeTranscript(SESSION, { HOME: home })
  expect(await readdir(dirname(path))).toEqual(['other.jsonl'])
  await access(other)
})
