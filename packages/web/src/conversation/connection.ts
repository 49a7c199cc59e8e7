import type { AgentServerError, ConnectionState } from '@claude-agent/client'
import { ERRORS } from '@claude-agent/protocol'

/** The connection as the page shows it. */
export type Connection =
  | { status: 'connecting'; error?: AgentServerError | undefined }
  | { status: 'connected' }
  /** Not connected; the next attempt comes by itself, at a time as of `Date.now()`. */
  | { status: 'waiting'; error: AgentServerError; retryAtMs: number }
  | { status: 'token_needed'; refused: boolean }
  /** Not connected, and trying again by itself would not help. */
  | { status: 'failed'; error: AgentServerError }

const FIRST_MS = 1000
const LONGEST_MS = 15_000

/** What the page shows for a state of a session's line; undefined for one that is closed on purpose. */
export function describeLine(
  { status, error, retryInMs }: ConnectionState,
  hasToken: boolean,
  nowMs = Date.now(),
): Connection | undefined {
  if (status === 'connected') return { status }
  if (status === 'closed') return error === undefined ? undefined : describeEnd(error, hasToken)
  if (error === undefined) return { status: 'connecting' }
  if (retryInMs === undefined) return { status: 'connecting', error }
  return { status: 'waiting', error, retryAtMs: nowMs + retryInMs }
}

/** What the page shows after a request that failed for the so-many-th time in a row. */
export function describeFailure(
  error: AgentServerError,
  failures: number,
  hasToken: boolean,
  nowMs = Date.now(),
): Connection {
  if (!ERRORS[error.code].retry) return describeEnd(error, hasToken)
  const waitMs = Math.max(Math.min(LONGEST_MS, FIRST_MS * 2 ** failures), error.retryAfterMs ?? 0)
  return { status: 'waiting', error, retryAtMs: nowMs + waitMs }
}

function describeEnd(error: AgentServerError, hasToken: boolean): Connection {
  // Of its settings the page gives the client only the token.
  const isToken = error.code === 'unauthorized' || error.code === 'invalid_setting'
  return isToken ? { status: 'token_needed', refused: hasToken } : { status: 'failed', error }
}
