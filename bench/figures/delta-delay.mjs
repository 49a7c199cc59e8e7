import { untilQuiet } from '../quiet.mjs'
import { asQuery, isDelta, timeTurn } from '../sdk.mjs'
import { quantile } from '../statistics.mjs'
import { STAMPED } from '../yield-clock/flags.mjs'

const DELTAS = 200

/** What the way from the SDK to the user's handler adds to each delta, by one clock that all processes share. */
export const deltaDelay = {
  name: 'delta-delay',
  what: "200 deltas/s: SDK's yield → client's handler",
  unit: 'ms',
  bound: 'p50 ≤ 0.4, p99 ≤ 2',
  /** One second of deltas at a time. */
  async measure(lab, { pairs: count }) {
    const { client, stop } = await lab.connect({ flags: STAMPED, includePartialMessages: true })
    const session = asQuery(client)
    const stream = async () => {
      await untilQuiet()
      const delays = []
      const onMessage = (message) => {
        const now = process.hrtime.bigint()
        if (isDelta(message)) delays.push(Number(now - BigInt(message.benchYieldedAt)) / 1e6)
      }
      await timeTurn(session, 'stream', { onMessage })
      if (delays.length !== DELTAS) throw new Error(`${delays.length} of ${DELTAS} deltas arrived.`)
      return delays
    }
    await stream()
    const streams = []
    for (let index = 0; index < count; index += 1) streams.push(await stream())
    await stop()
    const delays = streams.flat()
    return { streams, isReached: quantile(delays, 0.5) <= 0.4 && quantile(delays, 0.99) <= 2 }
  },
}
