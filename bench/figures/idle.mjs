import { setTimeout as sleep } from 'node:timers/promises'
import { readCpu, readMemory, untilParked } from '../processes.mjs'

/** What the server itself costs while nobody does anything; its parked agent is a process of its own. */
export const idle = {
  name: 'idle',
  what: 'idle server process',
  unit: '',
  bound: 'CPU 0.0 %, RSS ≤ 90 MB',
  /** Without a client, and with one that is connected and silent; a server of its own for each. */
  async measure(lab, { idleMs }) {
    const server = await lab.startServer()
    await untilParked(server.id)
    const alone = await watch(server.id, idleMs)
    await server.stop()
    const { server: other, stop } = await lab.connect()
    const connected = await watch(other.id, idleMs)
    await stop()
    const states = { 'no client': alone, 'one idle client': connected }
    return { states, isReached: Object.values(states).every(({ cpu, rss }) => cpu < 0.05 && rss <= 90) }
  },
}

/** CPU in per cent of a core over the whole time, and memory at its end. */
async function watch(id, ms) {
  const before = await readCpu(id)
  await sleep(ms)
  const after = await readCpu(id)
  const busyMs = after.milliseconds - before.milliseconds
  return { seconds: ms / 1000, ticks: after.ticks - before.ticks, busyMs, cpu: (busyMs / ms) * 100, ...(await readMemory(id)) }
}
