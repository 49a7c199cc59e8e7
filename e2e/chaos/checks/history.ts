import type { PromptOutcome } from '@claude-agent/protocol'
import type { Journal } from '../journal.ts'
import type { Asked } from '../model.ts'
import type { Prompt } from '../prompt.ts'

export interface Heard {
  session: string
  prompts: readonly Prompt[]
  outcomes: ReadonlyMap<string, PromptOutcome>
  /** The prompt that was sent when all others had ended. */
  last: Prompt | undefined
  /** What the model was asked, in order. */
  asked: readonly Asked[]
}

/** What the model remembers at the end is every prompt that ran, once, and none that was taken back. */
export function checkHistory({ session, prompts, outcomes, last, asked }: Heard, journal: Journal): void {
  const history = asked.findLast((each) => last !== undefined && each.prompts.includes(last.id))?.prompts
  if (history === undefined)
    return journal.violate('the model never heard of the last prompt', { session, last })
  for (const prompt of prompts) {
    const outcome = outcomes.get(prompt.uuid)
    const wanted = outcome === 'completed' || outcome === 'interrupted' ? 1 : 0
    const times = history.filter((id) => id === prompt.id).length
    if (times !== wanted)
      journal.violate(`a prompt is ${times} times in the history`, { prompt, outcome, wanted })
    const isTold = asked.some((each) => each.prompts.includes(prompt.id))
    if (wanted === 0 && times === 0 && isTold)
      journal.violate('the model was told a prompt that did not enter the conversation', { prompt, outcome })
  }
}
