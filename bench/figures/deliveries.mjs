import { fileURLToPath } from 'node:url'
import { startChild } from '../child.mjs'
import { makeHistory } from '../history.mjs'
import { untilParked, watchDuring } from '../processes.mjs'
import { untilQuiet } from '../quiet.mjs'
import { Readers } from '../readers/readers.mjs'
import { median } from '../statistics.mjs'

const READERS = 100
const LOGGED = 10_000
const LIVE = 20_000
const LEAST = 500_000
const SESSION = 'busy'

/** The most events that one server delivers to 100 readers of a session: what they read back, and what happens live. */
export const deliveries = {
  name: 'deliveries',
  what: '100 readers of one session, 300-byte events',
  unit: 'deliveries/s',
  bound: '≥ 500,000/s',
  async measure(lab, { pairs: count }) {
    const rounds = Math.max(2, Math.ceil(count / 6))
    const replay = await measureReplay(lab, rounds)
    const live = await measureLive(lab, rounds)
    const of = (events) => `${rounds} × ${READERS} × ${events}`
    const line = (runs, figure) => {
      const rate = median(runs.map((run) => run.rate))
      const cpu = median(runs.map((run) => run.cpu))
      const measured = `${rate.toFixed(0)}/s (server ${cpu.toFixed(0)} % of a core)`
      return { ...figure, measured, isReached: rate >= LEAST }
    }
    const lines = [
      line(replay, { detail: 'attached at once, from the log', of: of(LOGGED) }),
      line(live, { detail: 'live, feed and sockets without an agent', of: of(LIVE) }),
    ]
    return { replay, live, lines, isReached: lines.every(({ isReached }) => isReached) }
  },
}

/** The real server: all of the log to everybody, from before the first connects until the last has it. */
async function measureReplay(lab, rounds) {
  const { dataDir } = await makeHistory(lab, SESSION, LOGGED)
  const server = await lab.startServer({ dataDir })
  const readers = new Readers()
  const attach = (count) => readers.call('attach', { url: server.url, session: SESSION, count })
  // The first reader has the session's agent started.
  await attach(1)
  await readers.call('detach')
  await untilParked(server.id)
  const runs = []
  for (let round = 0; round < rounds; round += 1) {
    await untilQuiet()
    const { result, cpu } = await watchDuring(server.id, () => attach(READERS))
    await readers.call('detach')
    if (result.events < READERS * LOGGED) throw new Error(`${result.events} events came.`)
    runs.push({ rate: (result.events * 1000) / result.ms, cpu })
  }
  readers.stop()
  await server.stop()
  return runs
}

/** The server's feed, log and sockets in a process of their own: no agent says this much. */
async function measureLive(lab, rounds) {
  const program = fileURLToPath(new URL('../readers/live-server.mjs', import.meta.url))
  const args = [program, lab.productUrl(''), await lab.folder('live-log')]
  const server = await startChild(args, { PATH: process.env.PATH ?? '' })
  const readers = new Readers()
  await readers.call('attach', { url: server.url, session: SESSION, after: 'latest', count: READERS })
  let events = 0
  const run = async () => {
    events += LIVE
    const all = readers.call('reach', { events })
    const response = await fetch(`${server.url}/publish?events=${LIVE}`)
    const { from } = await response.json()
    const { at } = await all
    return (READERS * LIVE * 1e9) / Number(BigInt(at) - BigInt(from))
  }
  await run()
  const runs = []
  for (let round = 0; round < rounds; round += 1) {
    await untilQuiet()
    const { result: rate, cpu } = await watchDuring(server.id, run)
    runs.push({ rate, cpu })
  }
  readers.stop()
  await server.stop()
  return runs
}
