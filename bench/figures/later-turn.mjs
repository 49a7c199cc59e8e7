import { measureLive } from '../pairs.mjs'
import { timeTurn } from '../sdk.mjs'
import { compare } from '../statistics.mjs'

/**
 * A turn in a conversation that runs: what the server, its log, its broker and its socket add to the SDK. The model
 * answers at once: all of the turn is the CLI's own work and the way between the processes. They scatter by a half, so
 * there are sixteen times as many.
 */
export const laterTurn = defineTurn(
  'later-turn',
  'later turn, message → result, answered at once',
  'hello',
  16,
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
    async measure(lab, { pairs: count }) {
      const pairs = await measureLive(lab, { count: count * effort }, (session) => timeTurn(session, prompt))
      return { pairs, isReached: compare(pairs).ratio <= 1.05 }
    },
  }
}
