import { query } from '@anthropic-ai/claude-agent-sdk'
import { measurePairs } from '../pairs.mjs'
import { untilQuiet } from '../quiet.mjs'
import { asQuery, createOptions, timeTurn } from '../sdk.mjs'
import { compare } from '../statistics.mjs'

/** A new user's first answer: a server that is warm and connected, against a `query()` that starts its CLI. */
export const firstMessage = {
  name: 'first-message',
  what: 'first message → first assistant message',
  unit: 'ms',
  bound: '≤ 0.45',
  /** Each measurement has a server, and a query, of its own. */
  async measure(lab, { pairs: count }) {
    const ours = async () => {
      const { client, stop } = await lab.connect()
      await untilQuiet()
      const took = await timeTurn(asQuery(client), 'hello', { isEnd: isAnswer })
      await stop()
      return took
    }
    const bare = async () => {
      const options = await createOptions(lab)
      const from = performance.now()
      let took = 0
      for await (const message of query({ prompt: 'hello', options })) {
        if (took === 0 && isAnswer(message)) took = performance.now() - from
      }
      return took
    }
    // The first start of all reads the CLI from disk and makes its files in the home folders.
    await ours()
    await bare()
    const pairs = await measurePairs(count, { ours, bare })
    return { pairs, isReached: compare(pairs).ratio <= 0.45 }
  },
}

function isAnswer(message) {
  return message.type === 'assistant'
}
