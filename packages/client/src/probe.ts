import { AgentServerError } from '@claude-agent/protocol'
import type { Endpoint } from './endpoint.ts'
import { notAServer, parseJson, tokenMissing } from './failure.ts'
import { send } from './http.ts'

/** Finds out over HTTP why a WebSocket did not open, where the platform hides the reason. */
export async function probe(
  endpoint: Endpoint,
  signal: AbortSignal,
  path = '/health',
): Promise<AgentServerError> {
  const response = await send(endpoint, { method: 'GET', path, signal })
  const answer = parseJson(await response.text())
  // The state of health has a `protocol`, a session has a `log`.
  if (typeof answer !== 'object' || answer === null || !('protocol' in answer || 'log' in answer)) {
    return notAServer(endpoint, `answered GET ${path} with something else than was asked for`)
  }
  return new AgentServerError({
    code: 'connect_failed',
    message: `${endpoint.address} answers over HTTP but opened no WebSocket.`,
    hint: 'A proxy must pass WebSocket upgrades on; a page of another origin must be in CLAUDE_AGENT_ALLOWED_ORIGINS.',
  })
}

/** Asks over HTTP whether a silent server waits for a token; it would say so itself only after seconds. */
export async function needsToken(
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<AgentServerError | undefined> {
  try {
    await send(endpoint, { method: 'GET', path: '/config', signal })
  } catch (error) {
    if (error instanceof AgentServerError && error.code === 'unauthorized') return tokenMissing(endpoint)
  }
  return undefined
}
