import { SandboxError } from '../src/errors.ts'

/** The error of something that must fail as documented: with a code and a hint. */
export async function failure(promise: Promise<unknown>): Promise<SandboxError> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof SandboxError))
    throw new Error('It did not fail as a SandboxError.', { cause: error })
  if (error.hint === undefined) throw new Error(`It has no hint: ${error.message}`)
  return error
}

/** All that an error shows, to whoever prints it, and what caused it. */
export function shown(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? ''
  const { hint } = error as { hint?: string }
  return [error.message, hint, error.stack, JSON.stringify(error), shown(error.cause)].join('\n')
}
