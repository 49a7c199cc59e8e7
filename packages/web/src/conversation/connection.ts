import type { AgentServerError, ConnectionState } from '@claude-agent/client'
import { ERRORS } from '@claude-agent/protocol'

/** The connection as the page shows it. */
export type Connection =
  | { status: 'connecting'; error?: AgentServerError | undefined }
  | { status: 'connected' }
  /** Not connected; the next attempt comes by itself, at a time as of `Date.now()`. */
  | { status: 'waiting'; error: AgentServerError | undefined; retryAtMs: number }
  | { status: 'token_needed'; refused: boolean }
  /** Not connected, and trying again by itself would not help. */
  | { status: 'failed'; error: AgentServerError | undefined }

const FIRST_MS = 1000
const LONGEST_MS = 15_000

export interface Circumstances {
  /** Failed attempts of the page since it was last connected. */
  failures: number
  hasToken: boolean
  /** Why the attempt before failed: it is shown until one succeeds. */
  lastError?: AgentServerError | undefined
  nowMs: number
}

/** What the page shows for a state of the client that is not `connected`; the page itself repeats a failed start. */
export function describeConnection(
  state: ConnectionState,
  { failures, hasToken, lastError, nowMs }: Circumstances,
): Connection {
  const { status, error, retryInMs } = state
  if (status === 'connecting' || status === 'connected') return { status: 'connecting', error: lastError }
  if (error?.code === 'auth_timeout' && !hasToken) return { status: 'token_needed', refused: false }
  if (status === 'reconnecting') {
    if (retryInMs === undefined) return { status: 'connecting', error }
    return { status: 'waiting', error, retryAtMs: nowMs + retryInMs }
  }
  // Of its settings the page gives the client only the token.
  if (error?.code === 'unauthorized' || error?.code === 'invalid_setting')
    return { status: 'token_needed', refused: hasToken }
  if (error === undefined || !ERRORS[error.code].retry) return { status: 'failed', error }
  const wait = Math.max(Math.min(LONGEST_MS, FIRST_MS * 2 ** failures), error.retryAfterMs ?? 0)
  return { status: 'waiting', error, retryAtMs: nowMs + wait }
}
