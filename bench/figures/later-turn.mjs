import { setTimeout as sleep } from 'node:timers/promises'
import { asQuery, openQuery, timeTurn } from '../sdk.mjs'
import { compare, measurePairs } from '../statistics.mjs'

/** Pause before a turn, so that what the one before it left to do (transcript, title) is done. */
const PAUSE_MS = 150

/** A turn in a conversation that runs: what the server, its log and its socket add to the SDK. */
export const laterTurn = {
  name: 'later-turn',
  what: 'later turn, message → result',
  unit: 'ms',
  bound: '≤ 1.05',
  /** One session each, which all turns go through. */
  async measure(lab, { pairs: count }) {
    const { client, stop } = await lab.connect()
    const live = await openQuery(lab)
    const take = async (session) => {
      await sleep(PAUSE_MS)
      return await timeTurn(session, 'hello')
    }
    const sides = { ours: () => take(asQuery(client)), bare: () => take(live) }
    await measurePairs(5, sides)
    const pairs = await measurePairs(count, sides)
    await Promise.all([stop(), live.stop()])
    const { ratio } = compare(pairs)
    return { pairs, isReached: ratio <= 1.05 }
  },
}
