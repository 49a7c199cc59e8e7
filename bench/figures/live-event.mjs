import { createConversation, delayOf } from '../conversation.mjs'
import { untilParked } from '../processes.mjs'
import { untilQuiet } from '../quiet.mjs'
import { describeDelays, quantile } from '../statistics.mjs'
import { STAMPED } from '../yield-clock/flags.mjs'

const TURNS_PER_PAIR = 10
const LOOK_EVERY = 20

/** What the way from the SDK over the log to a client's handler takes, for events that are logged and numbered. */
export const liveEvent = {
  name: 'live-event',
  what: "logged events of a session: SDK's yield → session.events()",
  unit: 'ms',
  bound: 'p50 ≤ 0.5, p99 ≤ 3',
  async measure(lab, { pairs: count }) {
    const server = await lab.startServer({ flags: STAMPED })
    const conversation = await createConversation(server.url)
    await untilParked(server.id)
    const delays = []
    const hear = (event) => {
      if (event.seq !== undefined && event.data?.benchYieldedAt !== undefined) delays.push(delayOf(event))
    }
    for (let turn = 0; turn < 5; turn += 1) await conversation.take('hello')
    const turns = count * TURNS_PER_PAIR
    for (let turn = 0; turn < turns; turn += 1) {
      if (turn % LOOK_EVERY === 0) await untilQuiet()
      await conversation.take('hello', hear)
    }
    await conversation.stop()
    await server.stop()
    const isReached = quantile(delays, 0.5) <= 0.5 && quantile(delays, 0.99) <= 3
    const of = `${turns} turns, ${delays.length} events`
    return { delays, isReached, lines: [{ measured: describeDelays(delays), isReached, of }] }
  },
}
