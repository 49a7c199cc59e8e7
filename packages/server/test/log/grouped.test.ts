import { expect, test } from 'vitest'
import { grouped, oneByOne } from '../../src/log/grouped.ts'

/** A task that ends when it is told to. */
function createTask(): { run: () => Promise<void>; ends: ((error?: Error) => void)[] } {
  const ends: ((error?: Error) => void)[] = []
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      ends.push((error) => (error === undefined ? resolve() : reject(error)))
    })
  return { run, ends }
}

const turn = (): Promise<void> => new Promise((go) => setImmediate(go))

test('everybody who asks while a task runs shares the next run, which begins after it', async () => {
  const { run, ends } = createTask()
  const ask = grouped(run)
  const first = ask()
  await turn()
  const later = [ask(), ask(), ask()]
  await turn()
  expect(ends).toHaveLength(1)
  ends[0]!()
  await first
  await turn()
  expect(ends).toHaveLength(2)
  ends[1]!()
  await Promise.all(later)
})

test('those who ask in one turn share one run', async () => {
  const { run, ends } = createTask()
  const ask = grouped(run)
  const all = [ask(), ask()]
  await turn()
  expect(ends).toHaveLength(1)
  ends[0]!()
  await Promise.all(all)
})

test('a run that fails is told to those who shared it, and the next one is another', async () => {
  const { run, ends } = createTask()
  const ask = grouped(run)
  const first = ask()
  await turn()
  const second = ask()
  ends[0]!(new Error('no room'))
  await expect(first).rejects.toThrow('no room')
  await turn()
  ends[1]!()
  await second
})

test('tasks run one by one in the order of the calls, whether they fail or not', async () => {
  const inTurn = oneByOne()
  const steps: string[] = []
  const tasks = ['a', 'b', 'c'].map((name) =>
    inTurn(async () => {
      steps.push(`${name} begins`)
      await turn()
      steps.push(`${name} ends`)
      if (name === 'b') throw new Error(name)
      return name
    }),
  )
  await expect(tasks[1]).rejects.toThrow('b')
  expect(await tasks[2]).toBe('c')
  expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})
