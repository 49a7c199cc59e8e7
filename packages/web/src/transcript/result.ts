import type { ResultCard } from './card.ts'
import { fieldsOf, numberOf, textOf, textsOf, type Fields } from './fields.ts'
import { endPrompts, promptsOf, startPrompts } from './prompt.ts'
import { stopStreams } from './stream.ts'
import { interruptTools } from './tool-result.ts'
import { append, runningPrompts, type Transcript } from './transcript.ts'

const TITLES: Record<string, string> = {
  error_max_turns: 'Stopped: the limit of turns is reached',
  error_max_budget_usd: 'Stopped: the budget is spent',
  error_max_structured_output_retries: 'Stopped: no answer of the asked shape',
}

/** Applies the end of a turn. */
export function applyResult(before: Transcript, message: Fields): Transcript {
  const card = readResult(before, message)
  const named = promptsOf(message)
  const ended = named.length > 0 ? named : runningPrompts(before)
  const settled = interruptTools(stopStreams(endPrompts(before, ended, card.outcome)))
  const failure = card.outcome === 'failed' ? [card.title, ...card.details].join(' ') : undefined
  const over = {
    ...append(settled, card),
    active: false,
    answered: false,
    announcement: failure ?? settled.announcement,
  }
  // A CLI that names no prompts answers them in order.
  return named.length > 0
    ? over
    : startPrompts(
        over,
        over.waiting.slice(0, 1).map((next) => next.uuid!),
      )
}

function readResult(before: Transcript, message: Fields): ResultCard {
  const outcome = readOutcome(message)
  const subtype = textOf(message['subtype']) ?? ''
  const text = textOf(message['result'])
  const details = outcome === 'failed' ? textsOf(message['errors']) : []
  return {
    kind: 'result',
    outcome,
    title: { done: 'Done', interrupted: 'Interrupted', failed: TITLES[subtype] ?? 'Failed' }[outcome],
    // A command such as /context answers in the result alone.
    details: text === undefined || before.answered ? details : [...details, text],
    turns: numberOf(message['num_turns']),
    durationMs: numberOf(message['duration_ms']),
    costUsd: readCost(message),
    raw: [message],
    parent: undefined,
  }
}

function readOutcome(message: Fields): ResultCard['outcome'] {
  if (message['is_error'] !== true && message['subtype'] === 'success') return 'done'
  return textOf(message['terminal_reason'])?.startsWith('aborted') === true ? 'interrupted' : 'failed'
}

/** What this turn cost; `total_cost_usd` counts from the start of the agent's process. */
function readCost(message: Fields): number | undefined {
  const models = Object.values(fieldsOf(message['model_usage_since_last_result']))
  if (models.length === 0) return numberOf(message['total_cost_usd'])
  return models.reduce<number>((sum, usage) => sum + (numberOf(fieldsOf(usage)['costUSD']) ?? 0), 0)
}
