import type { Cursor } from '@claude-agent/protocol'

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
