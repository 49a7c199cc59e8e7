import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@claude-agent/client'
import { makeHistory } from '../history.mjs'
import { forgetPeak, readMemory, readPeak, untilParked } from '../processes.mjs'
import { untilQuiet } from '../quiet.mjs'
import { Readers } from '../readers/readers.mjs'
import { median } from '../statistics.mjs'

const EVENTS = 10_000
const SESSION = 'long'

/** Coming to a session with a long history and reading all of it. */
export const attach = {
  name: 'attach',
  what: 'attach to a session of 10,000 events, all replayed',
  unit: 'ms',
  bound: '≤ 150 ms, RSS + ≤ 10 MB',
  /** The first client makes the server start the agent's process; its cores are shared with that. */
  async measure(lab, { pairs: count }) {
    const { dataDir, events } = await makeHistory(lab, SESSION, EVENTS)
    const server = await lab.startServer({ dataDir })
    await untilParked(server.id)
    const first = await readWithClient(server.url, events)
    await untilParked(server.id)
    await sleep(1000)
    const readers = new Readers()
    const before = await readMemory(server.id)
    await forgetPeak(server.id)
    const [ours, bare] = [[], []]
    for (let index = 0; index < count; index += 1) {
      await untilQuiet()
      ours.push(await readWithClient(server.url, events))
      await untilQuiet()
      const { ms } = await readers.call('attach', { url: server.url, session: SESSION, count: 1 })
      await readers.call('detach')
      bare.push(ms)
    }
    const growth = (await readPeak(server.id)) - before.rss
    readers.stop()
    await server.stop()
    const isQuick = median(ours) <= 150
    const of = `${count} times`
    return {
      ours,
      bare,
      first,
      growth,
      isReached: isQuick && growth <= 10,
      lines: [
        { detail: 'session.events()', measured: ms(ours), bound: '≤ 150 ms', isReached: isQuick, of },
        { detail: 'a socket that is only read', measured: ms(bare), of },
        { detail: 'the first, while its agent starts', measured: `${first.toFixed(0)} ms`, of: '1' },
        {
          detail: "growth of the server's RSS, at its peak",
          measured: `${growth.toFixed(1)} MB on ${before.rss.toFixed(1)} MB`,
          bound: '≤ 10 MB',
          isReached: growth <= 10,
          of,
        },
      ],
    }
  },
}

/** From the wish to connect to the last event that was there, each taken apart by the client library. */
async function readWithClient(url, atLeast) {
  const session = connect({ url }).session(SESSION)
  const from = performance.now()
  let events = 0
  for await (const event of session.events()) {
    if (event.seq !== undefined && event.type !== 'caught_up') events += 1
    if (event.type === 'caught_up') break
  }
  const took = performance.now() - from
  if (events < atLeast) throw new Error(`${events} of ${atLeast} events came.`)
  await session.close()
  return took
}

function ms(values) {
  return `${median(values).toFixed(0)} ms (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)})`
}
