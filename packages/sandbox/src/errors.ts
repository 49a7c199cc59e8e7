/** Every way in which an engine fails. */
export const SANDBOX_ERRORS = {
  sandbox_not_found: 'The sandbox is gone, or was never there.',
  template_not_found: 'The engine has no such image or template.',
  quota_exceeded: 'The engine does not give more sandboxes, or not of this size.',
  unauthorized: 'The engine does not take the credentials.',
  engine_unreachable: 'The engine does not answer, or is not installed.',
  not_supported: 'The engine cannot do this.',
  invalid_options: 'An option is wrong; the message names it, never what was in it.',
  start_failed: 'The sandbox was made, but its server did not start.',
  start_timeout: 'The server of the sandbox did not answer in time.',
  aborted: 'The caller ended the wait.',
} as const

export type SandboxErrorCode = keyof typeof SANDBOX_ERRORS

/** What went wrong with a sandbox, and what to do about it. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError'
  readonly code: SandboxErrorCode
  readonly hint: string | undefined

  constructor(error: { code: SandboxErrorCode; message: string; hint?: string; cause?: unknown }) {
    super(error.message, error.cause === undefined ? undefined : { cause: error.cause })
    this.code = error.code
    this.hint = error.hint
  }
}
