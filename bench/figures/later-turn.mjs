import { measurePairs } from '../pairs.mjs'
import { asQuery, openQuery, timeTurn } from '../sdk.mjs'
import { compare } from '../statistics.mjs'

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
    const sides = { ours: () => timeTurn(asQuery(client), 'hello'), bare: () => timeTurn(live, 'hello') }
    await measurePairs(5, sides)
    const pairs = await measurePairs(count, sides)
    await Promise.all([stop(), live.stop()])
    const { ratio } = compare(pairs)
    return { pairs, isReached: ratio <= 1.05 }
  },
}
