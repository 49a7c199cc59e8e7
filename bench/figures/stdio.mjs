import { query } from '@anthropic-ai/claude-agent-sdk'
import { remoteProcess } from '@claude-agent/client/spawn'
import { openDelayedLine } from '../delayed-line.mjs'
import { measurePairs } from '../pairs.mjs'
import { untilQuiet } from '../quiet.mjs'
import { createOptions } from '../sdk.mjs'
import { compare, median } from '../statistics.mjs'

const RTT_MS = 50
/** TCP's, the upgrade's, and one of the SDK: what it asks first and the prompt go together, and the result comes back. */
const ROUND_TRIPS = 3

/** The official SDK with its process on the server, against one that starts it itself; both start it at the prompt. */
export const stdio = {
  name: 'stdio',
  what: 'official SDK over stdio, first message → result',
  unit: 'ms',
  bound: '≤ 1.05',
  async measure(lab, { pairs: count }) {
    const server = await lab.startServer({ settings: { CLAUDE_AGENT_SPARES: '0' } })
    const line = await openDelayedLine(server.url, RTT_MS / 2)
    const over = (url) => async () =>
      timeQuery({ ...(await createOptions(lab)), spawnClaudeCodeProcess: remoteProcess({ url }) })
    const ours = over(server.url)
    const bare = async () => timeQuery(await createOptions(lab))
    await ours()
    await bare()
    const pairs = await measurePairs(count, { ours, bare })
    const far = over(line.url)
    const delayed = []
    for (let index = 0; index < count; index += 1) {
      await untilQuiet()
      const near = await ours()
      await untilQuiet()
      delayed.push((await far()) - near)
    }
    line.stop()
    await server.stop()
    const { ratio, ours: own, bare: local } = compare(pairs)
    const roundTrips = median(delayed) / RTT_MS
    const isQuick = ratio <= 1.05
    const isShort = roundTrips <= ROUND_TRIPS + 0.5
    return {
      values: { pairs, delayed },
      isReached: isQuick && isShort,
      lines: [
        {
          measured: `${ratio.toFixed(3)} (${own.toFixed(0)} : ${local.toFixed(0)} ms)`,
          isReached: isQuick,
          of: `${pairs.length} pairs`,
        },
        {
          detail: `round trips at ${RTT_MS} ms, those of the connection included`,
          measured: `${roundTrips.toFixed(1)} (+ ${median(delayed).toFixed(0)} ms)`,
          bound: `${ROUND_TRIPS}`,
          isReached: isShort,
          of: `${delayed.length} pairs`,
        },
      ],
    }
  },
}

/** Milliseconds from the prompt to its result, the start of the process included. */
async function timeQuery(options) {
  const from = performance.now()
  let took = 0
  for await (const message of query({ prompt: 'hello', options }))
    if (message.type === 'result') took = performance.now() - from
  return took
}
