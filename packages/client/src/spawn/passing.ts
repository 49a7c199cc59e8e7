import type { AgentServerError, ErrorCode } from '@claude-agent/protocol'

/** Errors after which the process may still be there. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'connect_failed',
  'connect_timeout',
  'lagged',
  'too_many_connections',
  'auth_timeout',
])

/** Whether to try again after a line was lost. */
export function isPassing({ code }: AgentServerError, isOpened: boolean): boolean {
  if (PASSING.has(code)) return true
  // A process that is there ends with its server, and belongs to nobody else.
  return !isOpened && (code === 'already_connected' || code === 'server_stopping')
}
