import { createConversation, delayOf, isDeltaEvent } from '../conversation.mjs'
import { watchDuring } from '../processes.mjs'
import { untilQuiet } from '../quiet.mjs'
import { describeDelays, median, quantile } from '../statistics.mjs'
import { STAMPED } from '../yield-clock/flags.mjs'

const SESSIONS = 20
const DELTAS = 200

/** Twenty sessions whose agents speak at the same time, each at 20 deltas a second, for 10 s. */
export const twenty = {
  name: 'twenty',
  what: "20 live sessions × 20 deltas/s: SDK's yield → session.events()",
  unit: 'ms',
  bound: 'p99.9 ≤ 100 ms, server ≤ 15 %',
  async measure(lab, { pairs: count }) {
    const settings = { CLAUDE_AGENT_MAX_PROCESSES: String(SESSIONS), CLAUDE_AGENT_SPARES: '0' }
    const server = await lab.startServer({ flags: STAMPED, settings })
    const options = { includePartialMessages: true }
    const conversations = []
    for (let index = 0; index < SESSIONS; index += 1) {
      const conversation = await createConversation(server.url, { options })
      await conversation.take('hello')
      conversations.push(conversation)
    }
    const rounds = []
    for (let round = 0; round < Math.max(1, Math.ceil(count / 10)); round += 1) {
      await untilQuiet()
      const delays = []
      const hear = (event) => isDeltaEvent(event) && delays.push(delayOf(event))
      const { cpu } = await watchDuring(server.id, () =>
        Promise.all(conversations.map(({ take }) => take('stream at 20', hear))),
      )
      if (delays.length !== SESSIONS * DELTAS)
        throw new Error(`${delays.length} of ${SESSIONS * DELTAS} deltas arrived.`)
      rounds.push({ delays, cpu })
    }
    await Promise.all(conversations.map((conversation) => conversation.stop()))
    await server.stop()
    const delays = rounds.flatMap((round) => round.delays)
    const cpu = median(rounds.map((round) => round.cpu))
    const isReached = quantile(delays, 0.999) <= 100 && cpu <= 15
    const measured = `${describeDelays(delays, [0.5, 0.99, 0.999])}, server ${cpu.toFixed(1)} % of a core`
    const of = `${rounds.length} × 10 s, ${delays.length} deltas`
    return { rounds, isReached, lines: [{ measured, isReached, of }] }
  },
}
