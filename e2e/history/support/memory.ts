import type { PromptOutcome } from '@claude-agent/protocol'
import type { ScriptedClaude } from 'scripted-claude'
import type { Peer } from '../../sessions/support/peer.ts'
import { requestsWith, userTexts } from '../../sessions/support/model.ts'

/** What the model was told by users in the last request of the conversation in which a text was said. */
export function lastTexts(claude: ScriptedClaude, text: string): string[] {
  return userTexts(requestsWith(claude, text).at(-1)!.body)
}

/** What a turn may take on a machine that has much else to do. */
export const PATIENT_MS = 60_000

/** Runs a prompt to its end. */
export async function run(peer: Peer, text: string): Promise<PromptOutcome> {
  return await peer.ended(await peer.send(text), PATIENT_MS)
}
