import { createConversation } from '../conversation.mjs'
import { untilParked, watchDuring } from '../processes.mjs'
import { untilQuiet } from '../quiet.mjs'
import { Readers } from '../readers/readers.mjs'
import { median } from '../statistics.mjs'
import { STAMPED } from '../yield-clock/flags.mjs'

const READERS = 100
const DELTAS = 2_500
const SESSION = 'watched'

/** 100 readers of one session while its agent says 500 deltas a second, for 5 s at a time. */
export const readers = {
  name: 'readers',
  what: "100 readers × 500 deltas/s: SDK's yield → reader",
  unit: 'ms',
  bound: 'p99 ≤ 5 ms, server ≤ 50 %',
  async measure(lab, { pairs: count }) {
    const server = await lab.startServer({ flags: STAMPED })
    const options = { includePartialMessages: true }
    const conversation = await createConversation(server.url, { id: SESSION, options })
    await untilParked(server.id)
    await conversation.take('hello')
    const crowd = new Readers()
    await crowd.call('attach', { url: server.url, session: SESSION, after: 'latest', count: READERS })
    const streams = []
    const rounds = Math.max(2, Math.ceil(count / 5))
    for (let round = -1; round < rounds; round += 1) {
      await untilQuiet()
      const { cpu } = await watchDuring(server.id, () => conversation.take('stream at 500'))
      const delays = await crowd.call('delays')
      if (delays.count < READERS * DELTAS)
        throw new Error(`${delays.count} of ${READERS * DELTAS} deltas arrived.`)
      if (round >= 0) streams.push({ ...delays, cpu })
    }
    crowd.stop()
    await conversation.stop()
    await server.stop()
    const of = (field) => median(streams.map((stream) => stream[field]))
    const worst = Math.max(...streams.map((stream) => stream.worst))
    const isReached = of('p99') <= 5 && of('cpu') <= 50
    const measured =
      `p50 ${of('p50').toFixed(2)}, p99 ${of('p99').toFixed(2)} ms (worst ${worst.toFixed(1)}), ` +
      `server ${of('cpu').toFixed(0)} % of a core`
    return { crowd: streams, isReached, lines: [{ measured, isReached, of: `${rounds} streams of 5 s` }] }
  },
}
