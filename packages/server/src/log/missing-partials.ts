import type { Entry } from './entry.ts'
import { speakerOf, streamEventOf, type Speaker } from './partials.ts'

/** Tells which partial events a reader does without, because it has not got their beginning. */
export interface MissingPartials {
  allows(entry: Entry): boolean
}

/** Leaves out what these speakers stream, up to the beginning of their next message; undefined when there are none. */
export function missingPartials(speakers: ReadonlySet<Speaker>): MissingPartials | undefined {
  if (speakers.size === 0) return undefined
  const missing = new Set(speakers)
  return {
    allows({ event }) {
      const stream = streamEventOf(event)
      if (stream === undefined) return true
      const speaker = speakerOf(event)
      if (stream.type === 'message_start') missing.delete(speaker)
      return !missing.has(speaker)
    },
  }
}
