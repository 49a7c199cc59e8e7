import type { LoggedEvent, Seq } from './event.ts'

/** A place in a session's list of events: everything up to `seq` was seen. `log` is the random id of that list. */
export interface Cursor {
  log: string
  seq: Seq
}

/** A cursor as text, `<log>:<seq>`: the id of an SSE event, and what `after` takes. */
export function formatCursor({ log, seq }: Cursor): string {
  return `${log}:${seq}`
}

/** Reads `<log>:<seq>`, or a bare `<seq>` of whichever log there is; undefined when it is neither. */
export function parseCursor(text: string): { log?: string; seq: Seq } | undefined {
  const match = /^(?:([\w-]{1,64}):)?(\d{1,15})$/.exec(text)
  if (match === null) return undefined
  const [, log, seq] = match
  return { ...(log === undefined ? {} : { log }), seq: Number(seq) }
}

/** `GET /sessions/:id/events` */
export interface EventPage {
  log: string
  /** The oldest event that is still there. */
  firstSeq: Seq
  lastSeq: Seq
  /** Oldest first. */
  events: LoggedEvent[]
  /** History before this was asked for and is not here any more, or the cursor is of another log. */
  gap?: { after: Seq; first: Seq }
}
