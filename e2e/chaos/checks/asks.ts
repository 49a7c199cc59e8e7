import type { LoggedEvent } from '@claude-agent/protocol'
import type { Accepted } from '../answerer.ts'
import type { Journal } from '../journal.ts'

/** Every ask was settled once, and by the answer that was accepted, where one was. */
export function checkAsks(
  events: readonly LoggedEvent[],
  answers: readonly Accepted[],
  journal: Journal,
  session: string,
): void {
  const open = new Set<string>()
  const settled = new Map<string, LoggedEvent>()
  for (const event of events) {
    if (event.type === 'ask') {
      if (open.has(event.ask) || settled.has(event.ask))
        journal.violate('an ask is there twice', { session, event })
      open.add(event.ask)
      if (event.deferred) journal.count('questions')
    }
    if (event.type !== 'ask_settled') continue
    if (!open.delete(event.ask)) journal.violate('an ask was settled that was not open', { session, event })
    settled.set(event.ask, event)
    if (event.outcome === 'lost') journal.count('lostAsks')
  }
  if (open.size > 0) journal.violate('asks were never settled', { session, asks: [...open] })
  for (const answer of answers) {
    const event = settled.get(answer.ask)
    const isHis = event?.type === 'ask_settled' && event.outcome === 'answered' && event.seq === answer.seq
    if (!isHis) journal.violate('an accepted answer does not count', { session, answer, event })
  }
  // The same answer may be given again: it is acknowledged again, with the same number.
  const twice = answers.filter((answer) =>
    answers.some(({ ask, seq }) => ask === answer.ask && seq !== answer.seq),
  )
  if (twice.length > 0) journal.violate('two answers to one ask were accepted', { session, twice })
}
