import { AgentServerError, type Cursor, parseCursor } from '@claude-agent/protocol'

/** A cursor; without `log` it is of whichever log there is. */
export interface Place {
  log?: string
  seq: number
}

/** A place as `after` takes it. */
export function formatPlace({ log, seq }: Place): string {
  return log === undefined ? String(seq) : `${log}:${seq}`
}

/** The cursor of a place whose log is known. */
export function toCursor(place: Place | 'latest' | undefined): Cursor | undefined {
  if (typeof place !== 'object' || place.log === undefined) return undefined
  return { log: place.log, seq: place.seq }
}

/**
 * The place that a user names: a cursor, also as text, `'latest'`, or nothing for the start.
 * @throws AgentServerError `invalid_setting`
 */
export function readPlace(after: Cursor | string | null | undefined): Place | 'latest' | undefined {
  if (after === undefined || after === null) return undefined
  if (after === 'latest') return after
  const place = typeof after === 'string' ? parseCursor(after) : after
  if (typeof place === 'object' && Number.isSafeInteger(place.seq) && place.seq >= 0) return place
  throw new AgentServerError({
    code: 'invalid_setting',
    message: `after: ${JSON.stringify(after)} is no place in a list of events.`,
    hint: 'Give back a `cursor` as it was, ‘latest’, or nothing to begin at the start.',
  })
}
