import { measurePairs } from '../pairs.mjs'
import { asQuery, openQuery, timeTurn } from '../sdk.mjs'
import { compare } from '../statistics.mjs'

/**
 * A turn in a conversation that runs: what the server, its log and its socket add to the SDK. The model answers at once:
 * all of the turn is the CLI's own work and the way between the processes. They scatter by a half, so there are more.
 */
export const laterTurn = defineTurn(
  'later-turn',
  'later turn, message → result, answered at once',
  'hello',
  4,
)

/** The same with an answer that takes the model a second: 200 deltas at 200 per second. */
export const streamedTurn = defineTurn(
  'streamed-turn',
  'later turn, message → result, 1 s of answer',
  'stream',
  1,
)

function defineTurn(name, what, prompt, effort) {
  return {
    name,
    what,
    unit: 'ms',
    bound: '≤ 1.05',
    /** One session each, which all turns go through. */
    async measure(lab, { pairs: count }) {
      const { client, stop } = await lab.connect()
      const live = await openQuery(lab)
      const sides = { ours: () => timeTurn(asQuery(client), prompt), bare: () => timeTurn(live, prompt) }
      await measurePairs(effort + 1, sides)
      const pairs = await measurePairs(count * effort, sides)
      await Promise.all([stop(), live.stop()])
      const { ratio } = compare(pairs)
      return { pairs, isReached: ratio <= 1.05 }
    },
  }
}
