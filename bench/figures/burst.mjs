import { measureLive } from '../pairs.mjs'
import { isDelta, timeTurn } from '../sdk.mjs'
import { compare } from '../statistics.mjs'

const DELTAS = 1000

/** How fast a long answer arrives that the model gives at once: deltas per second, first to last at the handler. */
export const burst = {
  name: 'burst',
  what: 'burst of 1,000 deltas',
  unit: 'deltas/s',
  bound: '≥ 0.95',
  async measure(lab, { pairs: count }) {
    const pairs = await measureLive(
      lab,
      { count: count * 4, options: { includePartialMessages: true } },
      takeBurst,
    )
    return { pairs, isReached: compare(pairs).ratio >= 0.95 }
  },
}

async function takeBurst(session) {
  const times = []
  await timeTurn(session, 'burst', {
    onMessage: (message) => isDelta(message) && times.push(performance.now()),
  })
  if (times.length !== DELTAS) throw new Error(`${times.length} of ${DELTAS} deltas arrived.`)
  return ((DELTAS - 1) * 1000) / (times[DELTAS - 1] - times[0])
}
