// A process with any number of readers of one session; it does what its parent says and ends with it.
import { quantile } from '../statistics.mjs'
import { SocketReader } from './socket-reader.mjs'

let readers = []
let delays = []

const ACTS = {
  /** Attaches readers at once; done when each has caught up. */
  async attach({ url, session, after, count }) {
    const from = performance.now()
    const onDelay = (delay) => delays.push(delay)
    const open = async () => {
      const reader = await SocketReader.open({ url, session, after, onDelay })
      await reader.caughtUp
      return reader
    }
    readers = await Promise.all(Array.from({ length: count }, open))
    return { ms: performance.now() - from, events: readers.reduce((sum, { events }) => sum + events, 0) }
  },
  /** Done when each reader has had so many numbered events. */
  async reach({ events }) {
    await Promise.all(readers.map((reader) => reader.reach(events)))
    return { at: String(process.hrtime.bigint()) }
  },
  /** The delays since the last time. */
  delays() {
    const taken = delays
    delays = []
    const [p50, p99, worst] = [0.5, 0.99, 1].map((share) => quantile(Float64Array.from(taken), share))
    return { count: taken.length, p50, p99, worst }
  },
  detach() {
    for (const reader of readers) reader.close()
    readers = []
  },
}

process.on('message', ({ id, act, ...request }) => {
  Promise.resolve()
    .then(() => ACTS[act](request))
    .then(
      (result) => process.send({ id, result: result ?? {} }),
      (error) => process.send({ id, error: error.message }),
    )
})
process.once('disconnect', () => process.exit())
