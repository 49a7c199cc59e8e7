import { AgentServerError, ERRORS } from '@claude-agent/protocol'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/**
 * Any error as one of ours. A fault of our own is told without its insides, and printed for the operator; one that comes
 * of a client that went away, as `isAbandoned` says, is no fault.
 */
export function toServerError(error: unknown, isAbandoned = false): AgentServerError {
  if (error instanceof AgentServerError) return error
  if (!isAbandoned) console.error(error)
  return new AgentServerError({
    code: 'internal',
    message: 'A fault in the server.',
    hint: 'The cause is in the output of the server.',
    cause: error,
  })
}

/** The HTTP status of an error. */
export function statusOf(error: AgentServerError): ContentfulStatusCode {
  return ERRORS[error.code].status || 500
}

/** Headers that go with an error. */
export function headersOf(error: AgentServerError): Record<string, string> {
  const headers: Record<string, string> = {}
  if (error.code === 'unauthorized') headers['www-authenticate'] = 'Bearer'
  if (error.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000))
  return headers
}
