import { AgentServerError, type ErrorCode, ERRORS } from '@claude-agent/protocol'
import type { SandboxErrorCode } from '@claude-agent/sandbox'

const CODES: Record<SandboxErrorCode, ErrorCode> = {
  sandbox_not_found: 'sandbox_not_found',
  template_not_found: 'template_not_found',
  quota_exceeded: 'quota_exceeded',
  unauthorized: 'unauthorized',
  engine_unreachable: 'engine_unreachable',
  not_supported: 'not_supported',
  invalid_options: 'invalid_options',
  start_failed: 'start_failed',
  start_timeout: 'start_timeout',
  aborted: 'not_connected',
}

/**
 * The error of an engine as one of the client, with its code, its hint and itself as the cause. It is known by its code
 * and not by its class: a provider may bring a copy of the port of its own.
 */
export function sandboxFailure(error: unknown): AgentServerError {
  if (error instanceof AgentServerError && Object.hasOwn(ERRORS, error.code)) return error
  const { message, code, hint } = (error instanceof Error ? error : {}) as Partial<Record<string, unknown>>
  const isKnown = typeof code === 'string' && Object.hasOwn(CODES, code)
  return new AgentServerError({
    code: isKnown ? CODES[code as SandboxErrorCode] : 'start_failed',
    message: typeof message === 'string' ? message : String(error),
    hint: typeof hint === 'string' ? hint : undefined,
    cause: error,
  })
}

/** What an engine gives, or its error as one of the client. */
export async function fromEngine<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw sandboxFailure(error)
  }
}

/** The error of a call that needs a sandbox where there is none. */
export function noSandbox(what: string): AgentServerError {
  return new AgentServerError({
    code: 'not_connected',
    message: `There is no sandbox ${what}.`,
    hint: 'Await start() first.',
  })
}
