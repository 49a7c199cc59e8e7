import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoggedEvent } from '@claude-agent/protocol'
import type { Journal } from '../journal.ts'

/** Reads the log of a session from its files: every line must be JSON, and no number may be missing. */
export async function readLog(dataDir: string, session: string, journal: Journal): Promise<LoggedEvent[]> {
  const folder = join(dataDir, 'sessions', session)
  const names = (await readdir(folder)).filter((name) => name.startsWith('events-')).sort()
  const damaged = names.filter((name) => !name.endsWith('.jsonl'))
  if (damaged.length > 0) journal.violate('a log was damaged', { session, damaged })
  const events: LoggedEvent[] = []
  for (const name of names.filter((each) => each.endsWith('.jsonl'))) {
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n')
    if (lines.pop() !== '') journal.violate('a log ends in the middle of a line', { session, name })
    for (const line of lines) {
      const event = parse(line)
      if (event === undefined) journal.violate('a line of a log is not JSON', { session, name, line })
      else if (event.seq !== events.length + 1)
        journal.violate('a log has a gap', { session, name, expected: events.length + 1, event })
      if (event !== undefined) events.push(event)
    }
  }
  return events
}

function parse(line: string): LoggedEvent | undefined {
  try {
    return JSON.parse(line) as LoggedEvent
  } catch {
    return undefined
  }
}
