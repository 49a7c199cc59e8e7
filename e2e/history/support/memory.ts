import type { ScriptedClaude } from 'scripted-claude'
import { requestsWith, userTexts } from '../../sessions/support/model.ts'

/** What the model was told by users in the last request of the conversation in which a text was said. */
export function lastTexts(claude: ScriptedClaude, text: string): string[] {
  return userTexts(requestsWith(claude, text).at(-1)!.body)
}
