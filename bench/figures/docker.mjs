import { execFileSync } from 'node:child_process'
import { ClaudeAgentClient } from '@claude-agent/client'
import { query } from '@anthropic-ai/claude-agent-sdk'
import { measurePairs } from '../pairs.mjs'
import { untilQuiet } from '../quiet.mjs'
import { asQuery, createOptions, timeTurn } from '../sdk.mjs'
import { compare, median, quantile } from '../statistics.mjs'

const isAnswer = (message) => message.type === 'assistant'
const PAUSES = 5

/**
 * A container of its own for each value, on an engine that runs and has the image (`npm run build:docker`): until the
 * client is connected; from the first message to the first answer after that, against a `query()` that starts its CLI;
 * and the same in a container that was paused, from the wish to go on, against one that runs.
 */
export const docker = {
  name: 'docker',
  what: 'in Docker',
  unit: 'ms',
  bound: 'see each',
  async measure(lab, { pairs: count }) {
    const model = await lab.startModel(gateway())
    const starts = []
    const firsts = []
    const running = []
    const resumed = []
    const options = await createOptions(lab)
    const bare = async () => {
      const from = performance.now()
      let took = 0
      for await (const message of query({ prompt: 'hello', options }))
        if (took === 0 && isAnswer(message)) took = performance.now() - from
      return took
    }
    const ours = async () => {
      const client = new ClaudeAgentClient({
        sandbox: 'docker',
        envs: { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'scripted' },
      })
      const from = performance.now()
      await client.start()
      starts.push(performance.now() - from)
      await untilQuiet()
      const took = await timeTurn(asQuery(client), 'hello', { isEnd: isAnswer })
      firsts.push(took)
      for (let i = 0; i < PAUSES && firsts.length <= 2; i += 1) {
        await untilQuiet()
        running.push(await timeTurn(asQuery(client), 'hello', { isEnd: isAnswer }))
        await client.pause()
        await untilQuiet()
        const again = performance.now()
        await client.start()
        await timeTurn(asQuery(client), 'hello', { isEnd: isAnswer })
        resumed.push(performance.now() - again)
      }
      await client.stop()
      return took
    }
    await bare()
    const pairs = await measurePairs(Math.min(count, 10), { ours, bare })
    await model.stop()
    const { ratio } = compare(pairs)
    const over = median(resumed) - median(running)
    return {
      pairs,
      starts,
      resumed,
      running,
      isReached: median(starts) <= 1500 && ratio <= 1 && over <= 500,
      lines: [
        {
          measured: `start() → connected: ${median(starts).toFixed(0)} ms (worst ${quantile(starts, 1).toFixed(0)}); bound 1500`,
          isReached: median(starts) <= 1500,
          of: `${starts.length} containers`,
        },
        {
          measured: `first message → first assistant message: ${ratio.toFixed(3)} of a cold query(); bound 1.0`,
          isReached: ratio <= 1,
          of: `${pairs.length} pairs`,
        },
        {
          measured: `paused, from start() on: + ${over.toFixed(0)} ms over a running one (${median(running).toFixed(0)} ms); bound 500`,
          isReached: over <= 500,
          of: `${resumed.length} times`,
        },
      ],
    }
  },
}

/** Where this machine is reached from containers. */
function gateway() {
  const format = '--format={{(index .IPAM.Config 0).Gateway}}'
  return execFileSync('docker', ['network', 'inspect', 'bridge', format], { encoding: 'utf8' }).trim()
}
