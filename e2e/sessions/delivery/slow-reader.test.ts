import { heldMiB } from '../../support/held-memory/held-memory.ts'
import { expect, test } from '../../support/test.ts'
import { pause, until } from '../../support/until.ts'
import { isResult, numbersOf, range, textsOf, type Frame } from './support/frame.ts'
import { blocks, talk, wordOf } from './support/speeches.ts'

/** The long form takes as long as the promise: closed after 30 s, memory over a minute. */
const isLong = process.env['E2E_LONG'] === '1'
const SECONDS = isLong ? 60 : 8
const PER_SECOND = 500
/** So many that the stalled reader would cost far more than the bound, if it was kept in memory. */
const SIZE = isLong ? 8_000 : 24_000
/** MiB that the server may hold more, for both of them; what they have not read is more than 90. */
const GROWTH = 16

/** The delay that 99 of 100 events stay below, in milliseconds. */
function percentile99(delays: readonly number[]): number {
  return delays.toSorted((a, b) => a - b)[Math.floor(delays.length * 0.99)] ?? Number.NaN
}

test(
  `A reader that is slow holds nobody up and costs at most about 1 MiB of memory: what it has not read stays in the log (500 events a second, two readers that take nothing for ${SECONDS} s)`,
  { timeout: 180_000 },
  async ({ world }) => {
    const count = SECONDS * PER_SECOND
    const rules = [blocks('warm', 400, SIZE), blocks('flood', count, SIZE, PER_SECOND)]
    const { server, session } = await talk(world, rules, { isMeasured: true })
    await session.prompt('warm')
    const { lastSeq, log } = await session.idle()
    const [stalled, stalledStream, other] = [
      session.listen('?after=latest'),
      session.stream('?after=latest'),
      session.listen('?after=latest'),
    ]
    await Promise.all([stalled, stalledStream, other].map((reader) => reader.caughtUp()))
    const delays: number[] = []
    other.onFrame = ({ at }: Frame) => at !== undefined && delays.push(Date.now() - at)
    const baseline = await heldMiB(server)
    stalled.stall()
    stalledStream.stall()
    const stalledAt = Date.now()
    await session.prompt('flood')

    await other.next(isResult, 120_000)
    const behind = [stalled, stalledStream].map(({ frames }) => frames.length)
    const held = await heldMiB(server)
    expect(Math.max(...behind), 'they did not read').toBeLessThan(count / 2)
    expect(held - baseline, 'MiB that are held more').toBeLessThan(GROWTH)
    expect(percentile99(delays), 'the other reader is not held up, in ms').toBeLessThan(10_000)
    const end = (await session.idle()).lastSeq
    await pause(Math.max(0, isLong ? stalledAt + 60_000 - Date.now() : 0))

    const stalledMs = Date.now() - stalledAt
    for (const reader of [stalled, stalledStream]) reader.goOn()
    const words = range(0, count - 1).map((index) => wordOf(index, SIZE))
    expect(textsOf(other.frames)).toEqual(words)
    for (const [name, reader] of Object.entries({ stalled, stalledStream })) {
      const isOver = (): boolean => reader.isEnded || reader.frames.at(-1)?.seq === end
      await until(`${name} has all, or its line has ended`, isOver, 30_000)
      // Between the two, which a busy machine may take, both are right.
      if (stalledMs < 25_000 || stalledMs > 45_000)
        expect(reader.isEnded, 'one that takes nothing for 30 s is closed').toBe(stalledMs > 30_000)
      if (reader === stalled && reader.isEnded) expect([1006, 4499]).toContain((await stalled.closed).code)
      const last = numbersOf(reader.frames).at(-1) ?? lastSeq
      const rest = reader.isEnded ? session.listen(`?after=${log}:${last}`) : undefined
      await rest?.find(({ seq }) => seq === end)
      const frames = [...reader.frames, ...(rest?.frames ?? [])]
      expect(numbersOf(frames), name).toEqual(range(lastSeq + 1, end))
      expect(textsOf(frames), name).toEqual(words)
    }
  },
)
