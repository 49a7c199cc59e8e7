import { query } from '@anthropic-ai/claude-agent-sdk'
import { createConversation } from '../conversation.mjs'
import { measurePairs } from '../pairs.mjs'
import { createOptions } from '../sdk.mjs'
import { untilParked } from '../processes.mjs'
import { compare } from '../statistics.mjs'

const CALLS_PER_PAIR = 20

/** A method of the SDK's query, called over the wire on a live agent, against the SDK's own in this process. */
export const call = {
  name: 'call',
  what: 'call of a method on a live agent',
  unit: 'ms',
  bound: '≤ + 1 ms',
  async measure(lab, { pairs: count }) {
    const server = await lab.startServer()
    const conversation = await createConversation(server.url)
    await untilParked(server.id)
    let end = () => {}
    const options = await createOptions(lab)
    // A prompt that never comes keeps the query open.
    const live = query({ prompt: waiting(new Promise((resolve) => (end = resolve))), options })
    await live.initializationResult()
    const sides = {
      ours: () => time(() => conversation.session.call('mcpServerStatus')),
      bare: () => time(() => live.mcpServerStatus()),
    }
    await measurePairs(CALLS_PER_PAIR, sides, async () => {})
    const pairs = await measurePairs(count * CALLS_PER_PAIR, sides, async () => {})
    end()
    live.close()
    await conversation.stop()
    await server.stop()
    const { ours, bare } = compare(pairs)
    const isReached = ours - bare <= 1
    const measured = `+ ${(ours - bare).toFixed(2)} ms (${ours.toFixed(2)} : ${bare.toFixed(2)} ms)`
    return { pairs, isReached, lines: [{ measured, isReached, of: `${pairs.length} pairs` }] }
  },
}

async function* waiting(over) {
  await over
  yield* []
}

async function time(action) {
  const from = performance.now()
  await action()
  return performance.now() - from
}
