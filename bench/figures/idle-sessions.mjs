import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@claude-agent/client'
import { createConversation } from '../conversation.mjs'
import { untilParked, watch } from '../processes.mjs'

const SESSIONS = 1_000
const SPOKEN = 10
const AT_ONCE = 8

/** What sessions cost that have nothing to do and no process: 1,000 of them, after a restart of their server. */
export const idleSessions = {
  name: 'idle-sessions',
  what: '1,000 idle sessions without a process',
  unit: '',
  bound: 'RSS ≤ 150 MB',
  async measure(lab, { settleMs, idleMs }) {
    const dataDir = await lab.dataDir()
    const first = await lab.startServer({ dataDir })
    await fill(first.url)
    await first.stop()
    const empty = await startTimed(lab, {})
    await empty.server.stop()
    const { server, ms } = await startTimed(lab, { dataDir })
    await untilParked(server.id)
    const { sessions } = await connect({ url: server.url }).listSessions({ limit: 1000 })
    if (sessions.length < SESSIONS) throw new Error(`${sessions.length} of ${SESSIONS} sessions are there.`)
    await sleep(settleMs)
    const { cpu, rss, busyMs, ticks, seconds } = await watch(server.id, idleMs)
    await server.stop()
    const of = `${sessions.length} sessions`
    const lines = [
      { detail: 'RSS of the server', measured: `${rss.toFixed(1)} MB`, isReached: rss <= 150, of },
      {
        detail: 'start, spawn → listening',
        measured: `${ms.toFixed(0)} ms (without sessions ${empty.ms.toFixed(0)} ms)`,
        bound: '≤ 1 s',
        isReached: ms <= 1000,
        of,
      },
      {
        detail: 'CPU of the server',
        measured: `${cpu.toFixed(2)} % (${busyMs.toFixed(0)} ms, ${ticks} ticks)`,
        bound: '0.0 %',
        isReached: cpu < 0.05,
        of: `${seconds} s`,
      },
    ]
    return { rss, ms, cpu, empty: empty.ms, lines, isReached: lines.every(({ isReached }) => isReached) }
  },
}

/** Sessions made over HTTP, each with some events of its own, some with a turn. */
async function fill(url) {
  const server = connect({ url })
  for (let index = 0; index < SPOKEN; index += 1) {
    const conversation = await createConversation(url)
    await conversation.take('hello')
    await conversation.stop()
  }
  let left = SESSIONS - SPOKEN
  const work = async () => {
    while (left > 0) {
      left -= 1
      const session = await server.createSession({ metadata: { owner: `user-${left}` } })
      await session.update({ title: `Session ${left}` })
      await session.update({ limits: { maxTurns: 100 } })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

async function startTimed(lab, options) {
  const from = performance.now()
  const server = await lab.startServer(options)
  return { server, ms: performance.now() - from }
}
