/** Every way in which the build of the template fails. */
export const BUILD_ERRORS = {
  invalid_setting: 'A flag, a variable or e2b.config.json says something that cannot be.',
  file_not_found: 'A file that belongs into the template is not there.',
  unauthorized: 'There is no API key of E2B, or E2B does not take it.',
  engine_unreachable: 'E2B does not answer.',
  quota_exceeded: 'E2B does not build more at the moment, or not of this size.',
  build_refused: 'E2B does not take the build.',
  build_failed: 'A step of the build failed.',
} as const

export type BuildErrorCode = keyof typeof BUILD_ERRORS

/** Why there is no template, and what to do about it. */
export class TemplateBuildError extends Error {
  override readonly name = 'TemplateBuildError'
  readonly code: BuildErrorCode
  readonly hint: string | undefined

  constructor(error: { code: BuildErrorCode; message: string; hint?: string; cause?: unknown }) {
    super(error.message, error.cause === undefined ? undefined : { cause: error.cause })
    this.code = error.code
    this.hint = error.hint
  }
}
