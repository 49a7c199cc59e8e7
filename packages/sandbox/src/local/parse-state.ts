import type { ProcessIdentity } from './processes.ts'
import type { SandboxState } from './state.ts'

/**
 * What is kept of a sandbox, if it is that: one broken file must not keep anybody from the other sandboxes. The id is
 * that of the folder, whatever the file says.
 */
export function parseState(id: string, text: string): SandboxState | undefined {
  const given: unknown = JSON.parse(text)
  if (!isRecord(given)) return undefined
  const { token, metadata, createdAt, expiresAt, onTimeout, isPaused, isolation, variables, process, port } =
    given
  if (typeof token !== 'string' || !isRecord(metadata) || !Object.values(metadata).every(isText))
    return undefined
  if (!Number.isFinite(createdAt) || !Number.isFinite(expiresAt) || typeof isPaused !== 'boolean')
    return undefined
  if (onTimeout !== 'kill' && onTimeout !== 'pause') return undefined
  if (isolation !== 'none' && isolation !== 'namespaces') return undefined
  if (!Array.isArray(variables) || !variables.every(isText)) return undefined
  if (process !== undefined && !isProcess(process)) return undefined
  if (port !== undefined && !isPort(port)) return undefined
  return { ...(given as unknown as SandboxState), id }
}

/** Its id is that of one process: 0 and less are groups, 1 is the system's. */
function isProcess(value: unknown): value is ProcessIdentity {
  return (
    isRecord(value) &&
    Number.isInteger(value['id']) &&
    (value['id'] as number) > 1 &&
    isText(value['started'])
  )
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
