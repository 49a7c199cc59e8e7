import { expect, test } from 'vitest'
import type { PlayOptions } from '../src/answer/player.ts'
import { Player } from '../src/answer/player.ts'
import type { AnswerSink } from '../src/answer/sink.ts'
import type { Step } from '../src/index.ts'

/** A sink that writes down what it is told, in order. */
class Notebook implements AnswerSink {
  readonly notes: string[] = []
  isFull = false

  start(): void {
    this.notes.push('start')
  }

  startBlock(block: { type: string }): void {
    this.notes.push(`${block.type} {`)
  }

  delta(delta: { type: string }): void {
    this.notes.push(Object.values(delta).slice(1).join())
  }

  endBlock(): void {
    this.notes.push('}')
  }

  ping(): void {
    this.notes.push('ping')
  }

  complete({ stopReason }: { stopReason: string }): void {
    this.notes.push(`complete: ${stopReason}`)
  }

  async flush(): Promise<void> {
    if (this.notes.at(-1) !== 'flush') this.notes.push('flush')
    return Promise.resolve()
  }
}

function createPlayer(options: Partial<PlayOptions> = {}): {
  player: Player
  notebook: Notebook
  aborter: AbortController
} {
  const notebook = new Notebook()
  const aborter = new AbortController()
  const { signal } = aborter
  const player = new Player({ sink: notebook, pace: {}, inputTokens: 1, isPaced: true, signal, ...options })
  return { player, notebook, aborter }
}

/** What a sink is told, without the flushes. */
async function notesOf(steps: readonly Step[], options: Partial<PlayOptions> = {}): Promise<string[]> {
  const { player, notebook } = createPlayer(options)
  await player.play(steps)
  return notebook.notes.filter((note) => note !== 'flush')
}

test('nothing starts before there is something to say', async () => {
  const { player, notebook } = createPlayer()
  const ending = await player.play([
    { delayMs: 1 },
    { usage: {} },
    { stopReason: 'refusal' },
    { error: { status: 500 } },
  ])
  expect(notebook.notes).not.toContain('start')
  expect(ending).toMatchObject({ type: 'error', error: { status: 500 } })
})

test('each step is on its way before the next one begins', async () => {
  const { player, notebook } = createPlayer()
  await player.play([{ text: 'a' }, { delayMs: 1 }, { text: 'b' }])
  expect(notebook.notes).toEqual([
    'start',
    'text {',
    'a',
    'flush',
    'b',
    'flush',
    '}',
    'complete: end_turn',
    'flush',
  ])
})

test('a block is closed by a step of another kind, not by one of its own', async () => {
  expect(
    await notesOf([{ text: 'a' }, { text: 'b' }, { thinking: 'c', signature: 's' }, { text: 'd' }]),
  ).toEqual([
    'start',
    'text {',
    'a',
    'b',
    '}',
    'thinking {',
    'c',
    's',
    '}',
    'text {',
    'd',
    '}',
    'complete: end_turn',
  ])
})

test('tool calls never share a block', async () => {
  expect(await notesOf([{ toolUse: { name: 'A' } }, { toolUse: { name: 'B' } }])).toEqual([
    'start',
    'tool_use {',
    '',
    '{}',
    '}',
    'tool_use {',
    '',
    '{}',
    '}',
    'complete: tool_use',
  ])
})

test('a full sink is flushed in the middle of a step', async () => {
  const { player, notebook } = createPlayer()
  notebook.isFull = true
  await player.play([{ text: 'x', repeat: 3 }])
  expect(notebook.notes.slice(2, 8)).toEqual(['x', 'flush', 'x', 'flush', 'x', 'flush'])
})

test('without pacing, rates are left out and sizes kept', async () => {
  const slow = { deltaSize: 1, deltasPerSecond: 0.001 }
  expect(await notesOf([{ text: 'ab', pace: slow }], { isPaced: false })).toEqual([
    'start',
    'text {',
    'a',
    'b',
    '}',
    'complete: end_turn',
  ])
})

test.each<[string, Step]>([
  ['a delay', { delayMs: 600_000 }],
  ['a hang', { hang: true }],
  ['a pace', { text: 'ab', pace: { deltaSize: 1, deltasPerSecond: 0.001 } }],
])('%s ends when it is aborted, and nothing is said after it', async (_what, step) => {
  const { player, notebook, aborter } = createPlayer()
  const playing = player.play([step, { text: 'never' }])
  setTimeout(() => aborter.abort(), 20)
  await expect(playing).rejects.toMatchObject({ name: 'AbortError' })
  expect(notebook.notes).not.toContain('never')
})

test('a hang that begins after the abort ends at once', async () => {
  const { player, aborter } = createPlayer()
  aborter.abort()
  await expect(player.play([{ hang: true }])).rejects.toMatchObject({ name: 'AbortError' })
})

test('steps are taken one by one, and no more after the end', async () => {
  const taken: string[] = []
  const steps = function* (): Generator<Step> {
    taken.push('text')
    yield { text: 'a' }
    taken.push('cut')
    yield { cut: true }
    taken.push('more')
    yield { text: 'b' }
  }
  const { player } = createPlayer()
  expect(await player.play(steps())).toEqual({ type: 'cut', cut: true })
  expect(taken).toEqual(['text', 'cut'])
})
