import { setTimeout as sleep } from 'node:timers/promises'
import { asQuery, openQuery } from './sdk.mjs'
import { untilQuiet } from './quiet.mjs'

/** Between two measurements on a live session, so that what the one before left to do is done. */
const PAUSE_MS = 40
/** Sessions on either side: some are faster than others for as long as they live. */
const ROUNDS = 4
/** Pairs between two looks at whether the machine is at rest. */
const LOOK_EVERY = 10

/**
 * Measures both sides `count` times, one after the other, and changes who is first from pair to pair.
 * @param {number} count
 * @param {{ ours: () => Promise<number>, bare: () => Promise<number> }} sides
 * @param {(index: number) => Promise<void>} rest awaited before each measurement
 */
export async function measurePairs(count, sides, rest = untilQuiet) {
  const pairs = []
  for (let index = 0; index < count; index += 1) {
    const pair = { ours: 0, bare: 0 }
    for (const side of index % 2 === 0 ? ['ours', 'bare'] : ['bare', 'ours']) {
      await rest(index)
      pair[side] = await sides[side]()
    }
    pairs.push(pair)
  }
  return pairs
}

/**
 * Measures pairs on live sessions, a quarter of them on each of four servers and four queries.
 * @param {(session: ReturnType<typeof asQuery>) => Promise<number>} measure
 */
export async function measureLive(lab, { count, options = {} }, measure) {
  const pairs = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const { client, stop } = await lab.connect(options)
    const live = await openQuery(lab, options)
    const sides = { ours: () => measure(asQuery(client)), bare: () => measure(live) }
    await measurePairs(2, sides, pause)
    pairs.push(...(await measurePairs(Math.ceil(count / ROUNDS), sides, pause)))
    await Promise.all([stop(), live.stop()])
  }
  return pairs
}

async function pause(index) {
  await (index % LOOK_EVERY === 0 ? untilQuiet() : sleep(PAUSE_MS))
}
