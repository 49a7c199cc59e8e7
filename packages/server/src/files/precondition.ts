import { AgentServerError } from '@claude-agent/protocol'

/** Versions of content, or `any` for whatever is there. */
export type Versions = readonly string[] | 'any'

/** What must hold of the content at a path. */
export interface Precondition {
  /** Something is there, in one of these versions. */
  matches?: Versions | undefined
  /** Nothing is there, or it is in none of these versions. */
  differs?: Versions | undefined
}

/** @throws AgentServerError `precondition_failed` when the version, or `undefined` for nothing there, is not as asked */
export function checkPrecondition(condition: Precondition, version: string | undefined, path: string): void {
  const { matches, differs } = condition
  const state = version === undefined ? 'does not exist' : `is in version "${version}"`
  if (matches !== undefined && !includes(matches, version)) throw preconditionFailed(path, state)
  if (differs !== undefined && includes(differs, version)) throw preconditionFailed(path, state)
}

/** True when something is there and its version is among those named. */
export function includes(versions: Versions, version: string | undefined): boolean {
  return version !== undefined && (versions === 'any' || versions.includes(version))
}

/** The error for a condition that does not hold, with what is there instead. */
export function preconditionFailed(path: string, state: string): AgentServerError {
  return new AgentServerError({
    code: 'precondition_failed',
    message: `${JSON.stringify(path)} ${state}, which the request rules out.`,
    hint: 'Read it again, then repeat the change with the ETag of that answer.',
  })
}
