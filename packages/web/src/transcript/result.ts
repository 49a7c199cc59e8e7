import type { ResultCard } from './card.ts'
import { fieldsOf, isFields, numberOf, textOf, textsOf, type Fields } from './fields.ts'
import { appendRaw } from './raw.ts'
import { stopStreams } from './stream.ts'
import { interruptTools } from './tool-result.ts'
import { append, type Transcript } from './transcript.ts'

const TITLES: Record<string, string> = {
  error_max_turns: 'Stopped: the limit of turns is reached',
  error_max_budget_usd: 'Stopped: the budget is spent',
  error_max_structured_output_retries: 'Stopped: no answer of the asked shape',
}

/** Models whose list price the SDK knows. Others it counts by a price that is not theirs. */
const PRICED = /claude/i

const TOKENS = ['inputTokens', 'outputTokens', 'cacheReadInputTokens', 'cacheCreationInputTokens']

/** Applies the end of a turn, or of its part before a question: there the turn goes on after the answer. */
export function applyResult(before: Transcript, message: Fields, event: unknown): Transcript {
  if (isFields(message['deferred_tool_use'])) return appendRaw(stopStreams(before), 'result', event, true)
  const card = readResult(before, message, event)
  const settled = interruptTools(stopStreams(before))
  const failure = card.outcome === 'failed' ? [card.title, ...card.details].join(' ') : undefined
  return {
    ...append(settled, card),
    answered: false,
    announcement: failure ?? settled.announcement,
  }
}

/** Whether a price can be named for what a model did. */
export function isPriced(model: string): boolean {
  return PRICED.test(model)
}

function readResult(before: Transcript, message: Fields, event: unknown): ResultCard {
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
    ...readUsage(message),
    raw: [event],
    parent: undefined,
  }
}

function readOutcome(message: Fields): ResultCard['outcome'] {
  if (message['is_error'] !== true && message['subtype'] === 'success') return 'done'
  return textOf(message['terminal_reason'])?.startsWith('aborted') === true ? 'interrupted' : 'failed'
}

/** What this turn used; the totals of a result count from the start of the agent's process. */
function readUsage(message: Fields): Pick<ResultCard, 'tokens' | 'costUsd'> {
  const models = Object.entries(fieldsOf(message['model_usage_since_last_result']))
  if (models.length === 0) return { tokens: undefined, costUsd: undefined }
  const sum = (name: string): number =>
    models.reduce((total, [, usage]) => total + (numberOf(fieldsOf(usage)[name]) ?? 0), 0)
  return {
    tokens: TOKENS.reduce((total, name) => total + sum(name), 0),
    costUsd: models.every(([model]) => isPriced(model)) ? sum('costUSD') : undefined,
  }
}
