import { createSdkMcpServer, tool } from '@anthropic-ai/claude-agent-sdk'
import { createConversation } from '../conversation.mjs'
import { measurePairs } from '../pairs.mjs'
import { openQuery, timeTurn } from '../sdk.mjs'
import { compare } from '../statistics.mjs'

const CALLS_PER_PAIR = 4

/**
 * A tool of an in-process server, served by a client, against the same in the process of the bare SDK: from the message
 * that uses the tool to the one with its result. Both come to the reader by the same way, which so is in neither.
 */
export const clientTool = {
  name: 'client-tool',
  what: 'client tool: tool use → its result',
  unit: 'ms',
  bound: '≤ + 2 ms',
  async measure(lab, { pairs: count }) {
    const server = await lab.startServer()
    const conversation = await createConversation(server.url)
    const serving = await conversation.session.serve({ mcpServers: createServers() })
    const live = await openQuery(lab, { mcpServers: createServers() })
    const sides = {
      ours: async () => {
        const clock = createClock()
        await conversation.take('client tool', ({ type, data }) => type === 'sdk_message' && clock.hear(data))
        return clock.read()
      },
      bare: async () => {
        const clock = createClock()
        await timeTurn(live, 'client tool', { onMessage: (message) => clock.hear(message) })
        return clock.read()
      },
    }
    await measurePairs(CALLS_PER_PAIR, sides, async () => {})
    const pairs = await measurePairs(count * CALLS_PER_PAIR, sides, async () => {})
    await serving.close()
    await Promise.all([conversation.stop(), live.stop()])
    await server.stop()
    const { ours, bare } = compare(pairs)
    const isReached = ours - bare <= 2
    const measured = `+ ${(ours - bare).toFixed(2)} ms (${ours.toFixed(2)} : ${bare.toFixed(2)} ms)`
    return { pairs, isReached, lines: [{ measured, isReached, of: `${pairs.length} pairs` }] }
  },
}

function createServers() {
  const echo = tool('echo', 'says a word', {}, async () => ({ content: [{ type: 'text', text: 'word' }] }))
  return { bench: createSdkMcpServer({ name: 'bench', tools: [echo] }) }
}

/** The time from a tool use to its result. */
function createClock() {
  let from
  let took
  return {
    hear({ type, message }) {
      const blocks = Array.isArray(message?.content) ? message.content : []
      if (type === 'assistant' && blocks.some((block) => block.type === 'tool_use')) from = performance.now()
      const result = type === 'user' && blocks.find((block) => block.type === 'tool_result')
      if (result?.is_error) throw new Error(`The tool failed: ${JSON.stringify(result.content)}`)
      if (result && from !== undefined) took = performance.now() - from
    },
    read() {
      if (took === undefined) throw new Error('The tool was not used.')
      return took
    },
  }
}
