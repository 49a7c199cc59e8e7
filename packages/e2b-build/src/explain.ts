import { AuthenticationError, BuildError, FileUploadError, RateLimitError, ServiceBusyError } from 'e2b'
import type { Account } from './build.ts'
import { TemplateBuildError, type BuildErrorCode } from './errors.ts'

/** An error of E2B's package as one of ours. */
export function explain(error: unknown, { apiKey, domain, apiUrl }: Account): unknown {
  if (error instanceof TemplateBuildError) return error
  if (!(error instanceof Error) || error.name === 'AbortError') return error
  const where = apiUrl ?? `https://api.${domain ?? 'e2b.app'}`
  // A key has no place in a message, whoever wrote it.
  const said = error.message.replaceAll(apiKey, '***')
  const make = (code: BuildErrorCode, message: string, hint: string): TemplateBuildError =>
    new TemplateBuildError({ code, message, hint })
  if (error instanceof AuthenticationError || /\b(401|403)\b/.test(said)) {
    return make(
      'unauthorized',
      `E2B does not take the API key: ${said}`,
      'Look at E2B_API_KEY; keys are made at e2b.dev.',
    )
  }
  if (
    error instanceof RateLimitError ||
    error instanceof ServiceBusyError ||
    /\b429\b|quota|limit/i.test(said)
  ) {
    return make(
      'quota_exceeded',
      `E2B does not build it now: ${said}`,
      'Try a smaller --cpu or --memory, or later.',
    )
  }
  if (isUnreachable(error)) {
    return make(
      'engine_unreachable',
      `E2B at ${where} does not answer: ${said}`,
      'Look at the network, E2B_DOMAIN and E2B_API_URL.',
    )
  }
  if (error instanceof BuildError || error instanceof FileUploadError) {
    return make('build_refused', `E2B refuses the build: ${said}`, 'Look at the name, --cpu and --memory.')
  }
  return make(
    'build_refused',
    `The build could not be started: ${said}`,
    'docs/sandboxes/e2b-template.md has more.',
  )
}

function isUnreachable(error: Error): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (
      /fetch failed|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|socket|network/i.test(
        `${cause.message} ${String((cause as NodeJS.ErrnoException).code)}`,
      )
    ) {
      return true
    }
  }
  return false
}
