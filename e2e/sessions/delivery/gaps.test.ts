import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '../../support/test.ts'
import { isResult, numbersOf, range, type Frame } from './support/frame.ts'
import { logFolder } from './support/log-file.ts'
import type { SessionUnderTest } from './support/session.ts'
import { blocks, restart, talk } from './support/speeches.ts'

const MIB = 1024 * 1024

/** What a reader is told from a cursor on, by each of the three ways to read: the gap, and the first and last number. */
async function readFrom(
  session: SessionUnderTest,
  cursor: string,
): Promise<{ gap: object | undefined; numbers: number[] }[]> {
  const socket = session.listen(`?after=${cursor}`)
  const stream = session.stream('', cursor)
  const page = await session.page(`?after=${cursor}&limit=1000`)
  await Promise.all([socket.caughtUp(), stream.caughtUp()])
  return [
    ...[socket, stream].map(({ frames }) => ({
      gap: frames.find(({ type }) => type === 'gap'),
      numbers: numbersOf(frames),
    })),
    { gap: page.gap && { type: 'gap', ...page.gap }, numbers: numbersOf(page.events) },
  ]
}

test('A cursor of another log and a cursor beyond the end are answered with `gap`, never silently, and everything that is there follows', async ({
  world,
}) => {
  const { session } = await talk(world)
  await session.prompt('hello')
  const { lastSeq, log } = await session.idle()
  const all = range(1, lastSeq)
  for (const [cursor, after] of [
    ['another-log_1:3', 3],
    [`another-log_1:${lastSeq}`, lastSeq],
    [`${log}:${lastSeq + 1}`, lastSeq + 1],
    [`${log}:999999`, 999_999],
    ['999999', 999_999],
  ] as const) {
    const told = { gap: { type: 'gap', after, first: 1 }, numbers: all }
    expect(await readFrom(session, cursor), cursor).toEqual([told, told, told])
  }
  const atTheEnd = { gap: undefined, numbers: [] }
  expect(await readFrom(session, `${log}:${lastSeq}`)).toEqual([atTheEnd, atTheEnd, atTheEnd])
})

test('History that a limit has removed is answered with `gap`, never silently: what follows begins with its `first`', async ({
  world,
}) => {
  const { session } = await talk(world, [blocks('long', 150, 20_000)], {
    env: { CLAUDE_AGENT_MAX_LOG_BYTES: String(MIB) },
  })
  await session.prompt('long')
  const { firstSeq, lastSeq, log } = await session.idle()
  expect(firstSeq).toBeGreaterThan(50)
  const rest = range(firstSeq, lastSeq)
  for (const after of [0, 1, firstSeq - 2]) {
    const told = { gap: { type: 'gap', after, first: firstSeq }, numbers: rest }
    expect(await readFrom(session, `${log}:${after}`), String(after)).toEqual([told, told, told])
  }
  const whole = { gap: undefined, numbers: rest }
  expect(await readFrom(session, `${log}:${firstSeq - 1}`)).toEqual([whole, whole, whole])
  const back = await session.page(`?before=${firstSeq + 1}&limit=10`)
  expect(numbersOf(back.events)).toEqual([firstSeq])
  expect(back.gap).toMatchObject({ first: firstSeq })
})

/** Numbers that are missing between events although no `gap` told so. */
function missedSilently(frames: readonly Frame[]): number[] {
  let next = 1
  const missed: number[] = []
  for (const { type, seq, first } of frames) {
    if (type === 'gap') next = first!
    if (seq === undefined || type === 'caught_up') continue
    if (seq !== next) missed.push(next)
    next = seq + 1
  }
  return missed
}

test('a reader that hangs until its history is removed is told so with `gap` when it goes on', async ({
  world,
}) => {
  const { session } = await talk(world, [blocks('flood', 250, 100_000)], {
    env: { CLAUDE_AGENT_MAX_LOG_BYTES: String(MIB) },
  })
  const listener = session.listen()
  await listener.caughtUp()
  listener.stall()
  await session.prompt('flood')
  const { lastSeq } = await session.idle(25_000)
  listener.goOn()
  await listener.find(({ seq }) => seq === lastSeq)
  const gaps = listener.frames.filter(({ type }) => type === 'gap')
  expect(gaps.length).toBeGreaterThan(0)
  expect(missedSilently(listener.frames)).toEqual([])
  expect(numbersOf(listener.frames)).toEqual([...new Set(numbersOf(listener.frames))].sort((a, b) => a - b))
})

test('After a loss of power the log has a new id: a cursor from before is answered with `gap`, never misread', async ({
  world,
}) => {
  const before = await talk(world, [blocks('lecture', 2000, 0, 100)])
  const { server, session } = before
  const listener = session.listen()
  await listener.prompt('lecture')
  await listener.next(({ data }) => data?.type === 'assistant')
  const { log } = await session.info()
  server.kill('SIGKILL')
  await server.program.ended
  // What another boot of the machine leaves behind.
  const file = join(logFolder(server, session.id), 'log.json')
  const identity = JSON.parse(await readFile(file, 'utf8')) as object
  expect(identity).toMatchObject({ id: log, boot: expect.any(String) as string })
  await writeFile(file, JSON.stringify({ ...identity, boot: 'another boot' }))

  const after = await restart(world, before)
  const info = await after.session.idle()
  expect(info.log).not.toBe(log)
  const seen = numbersOf(listener.frames).at(-1)!
  const told = await readFrom(after.session, `${log}:${seen}`)
  for (const { gap, numbers } of told) {
    expect(gap).toEqual({ type: 'gap', after: seen, first: 1 })
    expect(numbers.slice(0, info.lastSeq)).toEqual(range(1, info.lastSeq))
  }
})

test('an orderly end is no loss of power: on the next boot of the machine the id is the same', async ({
  world,
}) => {
  const before = await talk(world)
  const { server, session } = before
  await session.prompt('hello')
  const { log } = await session.idle()
  server.kill('SIGTERM')
  await server.program.ended
  const identity = JSON.parse(
    await readFile(join(logFolder(server, session.id), 'log.json'), 'utf8'),
  ) as object
  expect(identity).not.toHaveProperty('boot')
  const after = await restart(world, before)
  expect((await after.session.info()).log).toBe(log)
  const stream = after.session.stream('', `${log}:1`)
  await stream.caughtUp()
  expect(stream.frames.some(({ type }) => type === 'gap')).toBe(false)
  expect(stream.frames.some(isResult)).toBe(true)
})
