const FIRST_MS = 250
const LONGEST_MS = 10_000

/**
 * Milliseconds before the reconnect attempt number `attempt` (from 0): 250 ms doubling up to 10 s, of which a random
 * half is left out, so that many clients of one server do not come back in step.
 */
export function backoff(attempt: number, random = Math.random()): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt)
  return Math.round(full / 2 + (full / 2) * random)
}
