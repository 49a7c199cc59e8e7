import type { LoggedEvent } from '@claude-agent/protocol'
import type { Journal } from '../journal.ts'

/** What the agent said is in the log once, also where it was recovered; and no history was lost. */
export function checkMessages(events: readonly LoggedEvent[], journal: Journal, session: string): void {
  const said = new Set<string>()
  for (const event of events) {
    if (event.type === 'error' && event.code === 'history_lost' && !FORGOTTEN.test(event.error))
      journal.violate('a history was lost', { session, event })
    if (event.type === 'sdk_message' && event.recovered) journal.count('recovered')
    if (event.type !== 'sdk_message' || !/^(assistant|user)$/.test(event.data.type)) continue
    const { uuid } = event.data as { uuid?: string }
    if (uuid !== undefined && said.has(uuid))
      journal.violate('a message is in the log twice', { session, event })
    if (uuid !== undefined) said.add(uuid)
  }
}

/** What an agent had said last when it was killed, and had not written down: it does not remember that. */
const FORGOTTEN = /were in its transcript/
