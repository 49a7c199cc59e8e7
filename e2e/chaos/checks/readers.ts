import type { LoggedEvent } from '@claude-agent/protocol'
import type { Journal } from '../journal.ts'
import { markOf, type Ledger } from '../ledger.ts'

/** Every reader got every event of the log up to `least` and maybe beyond, as it stands there, once and in order. */
export function checkReaders(
  events: readonly LoggedEvent[],
  ledgers: readonly Ledger[],
  least: number,
  journal: Journal,
): void {
  const marks = events.map(markOf)
  for (const { name, marks: seen } of ledgers) {
    if (seen.length < least || seen.length > marks.length)
      journal.violate('a reader has not what the log has', { name, seen: seen.length, log: marks.length })
    const index = marks.findIndex((mark, at) => seen[at] !== undefined && seen[at] !== mark)
    if (index !== -1)
      journal.violate('a reader got another event than the log has', { name, event: events[index] })
  }
}
