import type { RequestKind } from '../request/kind.ts'

/** The version of the format; other versions are refused. */
export const cassetteVersion = 1

/** A recording of exchanges with a real API, in the order in which the requests came. */
export interface Cassette {
  scriptedClaudeCassette: typeof cassetteVersion
  exchanges: CassetteExchange[]
}

/** A request by its shape, and what was answered. */
export interface CassetteExchange {
  request: RequestShape
  answer: CassetteAnswer
}

/**
 * What of a request counts for matching. Texts are without secrets and without what changes from run to run; the
 * system prompt, the client's reminders and the headers are not in it at all.
 */
export interface RequestShape {
  method: string
  path: string
  /** What a message request is for; absent for other paths, as are all the fields below. */
  kind?: RequestKind
  model?: string
  stream?: boolean
  /** What the user said since the model spoke last. */
  says?: string[]
  /** What tools gave back since the model spoke last, in the order of the calls. */
  results?: ResultShape[]
  /** Pictures and documents that the user showed since the model spoke last: type and digest. */
  shows?: string[]
  /** Changes of the speaker so far, and a digest of what was said before the model spoke last. */
  history?: string
  /** Names of the tools offered, sorted. */
  tools?: string[]
}

/** A tool result: which call it answers, and what it says. */
export interface ResultShape {
  id: string
  tool: string
  isError?: true
  text: string
}

/** An answer as it came, without what belongs to the account. */
export interface CassetteAnswer {
  status: number
  /** Only headers that change what a client does: see `keptHeaders`. */
  headers: Record<string, string>
  /** The events of a stream. */
  events?: CassetteEvent[]
  /** Any other body: as JSON, or as text where it is none. */
  body?: unknown
  text?: string
  /** What ended it before its end: the API broke the connection, also within an event, or the client went. */
  end?: EarlyEnd
}

type EarlyEnd = 'cut' | 'cut-mid-event' | 'left'

/** A server-sent event. */
export interface CassetteEvent {
  /** Its name, where it is not the `type` of its data. */
  event?: string
  /** Its data, as JSON, or as text where it is none. */
  data?: unknown
  text?: string
  /** Milliseconds since the event before, where pauses are recorded. */
  afterMs?: number
}

/** The response headers that a cassette keeps; all others may tell of the account. */
export const keptHeaders: readonly string[] = [
  'content-type',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
]

/** Stands in a cassette for the folder that the agent works in. */
export const directoryPlaceholder = '{{workingDirectory}}'
