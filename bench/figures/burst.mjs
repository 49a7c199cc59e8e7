import { measurePairs } from '../pairs.mjs'
import { asQuery, isDelta, openQuery, timeTurn } from '../sdk.mjs'
import { compare } from '../statistics.mjs'

const DELTAS = 1000
const OPTIONS = { includePartialMessages: true }

/** How fast a long answer arrives that the model gives at once: deltas per second, first to last at the handler. */
export const burst = {
  name: 'burst',
  what: 'burst of 1,000 deltas',
  unit: 'deltas/s',
  bound: '≥ 0.95',
  /** One session each, which all bursts go through. */
  async measure(lab, { pairs: count }) {
    const { client, stop } = await lab.connect(OPTIONS)
    const live = await openQuery(lab, OPTIONS)
    const take = async (session) => {
      const times = []
      const onMessage = (message) => isDelta(message) && times.push(performance.now())
      await timeTurn(session, 'burst', { onMessage })
      if (times.length !== DELTAS) throw new Error(`${times.length} of ${DELTAS} deltas arrived.`)
      return ((DELTAS - 1) * 1000) / (times[DELTAS - 1] - times[0])
    }
    const sides = { ours: () => take(asQuery(client)), bare: () => take(live) }
    await measurePairs(3, sides)
    const pairs = await measurePairs(count, sides)
    await Promise.all([stop(), live.stop()])
    const { ratio } = compare(pairs)
    return { pairs, isReached: ratio >= 0.95 }
  },
}
