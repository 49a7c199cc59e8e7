import type { PulseLimits } from '../pulse.ts'

/** The limits of time and memory of the session layer. */
export interface Limits extends PulseLimits {
  /** How long one attempt to connect may take, in milliseconds. */
  attemptMs: number
  /** How long the answer to a request may take, in milliseconds. */
  requestMs: number
  /** For how long the creation of a session is tried, in milliseconds. */
  createMs: number
  /** Characters of events that may wait for one iterator. */
  bufferChars: number
  /** Characters of one message's partial events that are kept for iterators that come in its middle. */
  partialChars: number
}

export const LIMITS: Limits = {
  silenceMs: 10_000,
  answerMs: 5_000,
  wakeMs: 3_000,
  lateMs: 5_000,
  now: () => Date.now(),
  attemptMs: 15_000,
  requestMs: 30_000,
  createMs: 30_000,
  bufferChars: 4 * 1024 * 1024,
  partialChars: 1024 * 1024,
}
