import type { LoggedEvent, PromptOutcome } from '@claude-agent/protocol'
import type { Journal } from '../journal.ts'
import type { Prompt } from '../prompt.ts'

/** Every acknowledged prompt is in the log once, and ended once. Gives how each one ended. */
export function checkPrompts(
  events: readonly LoggedEvent[],
  prompts: readonly Prompt[],
  journal: Journal,
): Map<string, PromptOutcome> {
  const accepted = new Map<string, number>()
  const outcomes = new Map<string, PromptOutcome>()
  let lastError = 0
  for (const event of events) {
    if (event.type === 'error') lastError = event.seq
    if (event.type === 'user_message') {
      if (accepted.has(event.uuid)) journal.violate('a prompt is in the log twice', event)
      accepted.set(event.uuid, event.seq)
      if (event.turn === 'running') journal.count('joined')
    }
    if (event.type !== 'prompt_ended') continue
    const begun = accepted.get(event.uuid)
    if (begun === undefined) journal.violate('a prompt ended that nobody sent', event)
    if (outcomes.has(event.uuid)) journal.violate('a prompt ended twice', event)
    if (event.outcome === 'failed' && lastError < (begun ?? 0))
      journal.violate('a prompt failed, and no error before it says why', event)
    outcomes.set(event.uuid, event.outcome)
    journal.count(event.outcome)
  }
  for (const prompt of prompts) {
    const { uuid, seq, isCancelled } = prompt
    const at = accepted.get(uuid)
    if (seq !== undefined && at !== seq)
      journal.violate('an acknowledged prompt is not in the log where it was said to be', { prompt, at })
    if (at !== undefined && !outcomes.has(uuid)) journal.violate('a prompt never ended', prompt)
    if (isCancelled && outcomes.get(uuid) !== 'cancelled')
      journal.violate('a prompt was taken back, and did not end so', { prompt, outcome: outcomes.get(uuid) })
  }
  return outcomes
}
