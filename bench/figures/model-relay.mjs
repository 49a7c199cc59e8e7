import { once } from 'node:events'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { startChild } from '../child.mjs'
import { forgetPeak, readMemory, readPeak } from '../processes.mjs'
import { untilQuiet } from '../quiet.mjs'
import { describeDelays, median, quantile } from '../statistics.mjs'

const DELTAS = 200
const BODY = 100_000_000
const PIECE = Buffer.alloc(50_000, ' ')
/** What a body may cost the server beyond what it had: buffers on the way, and what is not collected yet. */
const MOST_MB = 40

const HOST = fileURLToPath(new URL('../relay/host.mjs', import.meta.url))
const BROKERS = fileURLToPath(new URL('../relay/brokers.mjs', import.meta.url))
const CLIENT = fileURLToPath(new URL('../relay/client.mjs', import.meta.url))

/** What the way by a client adds to each delta of the model, against the broker that speaks to the model itself. */
export const modelRelay = {
  name: 'model-relay',
  what: 'the model by way of a client',
  unit: 'ms',
  bound: 'p50 + ≤ 0.5 ms',
  async measure(lab, { pairs: count }) {
    const env = { PATH: process.env.PATH ?? '' }
    const host = await startChild([HOST], env)
    const server = await startChild([BROKERS, lab.productUrl(''), host.url], env)
    const client = await startChild([CLIENT, server.url, host.url], env)
    const doors = await (await fetch(server.url)).json()
    const sides = { direct: [], relay: [] }
    for (let index = -1; index < count; index += 1) {
      const order = index % 2 === 0 ? ['direct', 'relay'] : ['relay', 'direct']
      for (const side of order) {
        await untilQuiet()
        const delays = await readDeltas(doors[side])
        if (index >= 0) sides[side].push(delays)
      }
    }
    const growth = await measureBody(doors.relay, server)
    await Promise.all([client.stop(), server.stop(), host.stop()])
    const [direct, relay] = [sides.direct.flat(), sides.relay.flat()]
    const added = quantile(relay, 0.5) - quantile(direct, 0.5)
    const byPair = median(
      sides.relay.map((delays, i) => quantile(delays, 0.5) - quantile(sides.direct[i], 0.5)),
    )
    const of = `${count} pairs, ${relay.length} deltas each`
    const isReached = added <= 0.5
    return {
      ...sides,
      growth,
      isReached: isReached && growth <= MOST_MB,
      lines: [
        {
          detail: 'added to each delta, 200/s',
          measured: `p50 + ${added.toFixed(2)} ms (median of the pairs ${byPair.toFixed(2)})`,
          isReached,
          of,
        },
        { detail: "the model's write → agent, by the client", measured: describeDelays(relay), of },
        { detail: "the model's write → agent, by the server", measured: describeDelays(direct), of },
        {
          detail: 'a request of 100 MB, growth of the RSS at its peak',
          measured: `${growth.toFixed(1)} MB`,
          bound: `≤ ${MOST_MB} MB`,
          isReached: growth <= MOST_MB,
          of: '1',
        },
      ],
    }
  },
}

/** Streams a second of deltas, and says how long each was on its way, in milliseconds. */
async function readDeltas({ url, placeholder }) {
  const answer = await ask(`${url}/v1/messages?deltas=${DELTAS}&perSecond=200`, placeholder, ['{}'])
  const delays = []
  let rest = ''
  for await (const chunk of answer.setEncoding('utf8')) {
    const now = process.hrtime.bigint()
    const lines = (rest + chunk).split('\n\n')
    rest = lines.pop()
    for (const line of lines) delays.push(Number(now - BigInt(line.slice('data: '.length))) / 1e6)
  }
  if (delays.length !== DELTAS) throw new Error(`${delays.length} of ${DELTAS} deltas arrived.`)
  return delays
}

/** Sends a large body by the client, and says by how much the server's memory grew, in MB. */
async function measureBody({ url, placeholder }, server) {
  const before = await readMemory(server.id)
  await forgetPeak(server.id)
  const pieces = Array.from({ length: BODY / PIECE.length }, () => PIECE)
  const answer = await ask(`${url}/v1/messages`, placeholder, pieces)
  answer.resume()
  await once(answer, 'end')
  if (Number(answer.headers['x-bytes']) !== BODY)
    throw new Error(`${answer.headers['x-bytes']} bytes arrived.`)
  return (await readPeak(server.id)) - before.rss
}

async function ask(url, placeholder, pieces) {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const headers = { 'x-api-key': placeholder, 'content-length': length }
  const sent = request(url, { method: 'POST', headers })
  const answer = once(sent, 'response')
  for (const piece of pieces) if (!sent.write(piece)) await once(sent, 'drain')
  sent.end()
  const [response] = await answer
  if (response.statusCode !== 200) throw new Error(`The answer has the status ${response.statusCode}.`)
  return response
}
