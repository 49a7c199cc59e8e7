import { setTimeout as sleep } from 'node:timers/promises'
import { untilParked, watch } from '../processes.mjs'

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
