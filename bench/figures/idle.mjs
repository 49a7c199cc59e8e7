import { setTimeout as sleep } from 'node:timers/promises'
import { readCpu, readMemory, untilParked } from '../processes.mjs'

/** What the server itself costs while nobody does anything; its parked agent is a process of its own. */
export const idle = {
  name: 'idle',
  what: 'idle server process',
  unit: '',
  bound: 'CPU 0.0 %, RSS ≤ 90 MB',
  /** Without a client, and with one that is connected and silent; a server of its own for each, both at once. */
  async measure(lab, { settleMs, idleMs }) {
    const alone = await lab.startServer()
    const { server: connected, stop } = await lab.connect()
    await untilParked(alone.id)
    await sleep(settleMs)
    const watched = await Promise.all([watch(alone.id, idleMs), watch(connected.id, idleMs)])
    await Promise.all([alone.stop(), stop()])
    const states = { 'no client': watched[0], 'one idle client': watched[1] }
    return { states, isReached: watched.every(({ cpu, rss }) => cpu < 0.05 && rss <= 90) }
  },
}

/** CPU in per cent of a core over the whole time, and memory at its end. */
async function watch(id, ms) {
  const before = await readCpu(id)
  await sleep(ms)
  const after = await readCpu(id)
  const busyMs = after.milliseconds - before.milliseconds
  return {
    seconds: ms / 1000,
    ticks: after.ticks - before.ticks,
    busyMs,
    cpu: (busyMs / ms) * 100,
    ...(await readMemory(id)),
  }
}
