import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import { AgentServerError } from '@claude-agent/protocol'

const MAX_PATH_BYTES = 4096
const MAX_PATH_PARTS = 256
const TEMPORARY_PREFIX = '.claude-agent-upload-'

/** A new name for a file that is being written; such names are hidden from lists and watches. */
export function createTemporaryName(): string {
  return `${TEMPORARY_PREFIX}${randomUUID()}`
}

/** True for the names that `createTemporaryName` gives. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(TEMPORARY_PREFIX)
}

/** True when an absolute, normalised path is the folder or below it. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

/**
 * The path below the workspace, normalised, with `/` between the parts and `.` for the workspace itself.
 *
 * @param folders the names of the workspace under which an absolute path is understood
 * @throws AgentServerError `invalid_path`, `path_outside_workspace`
 */
export function parsePath(folders: readonly string[], path: string): string {
  const problem = findProblem(path)
  if (problem !== undefined) {
    throw new AgentServerError({
      code: 'invalid_path',
      message: `The path ${JSON.stringify(path.slice(0, 200))} ${problem}.`,
      hint: 'Give a path relative to the workspace, such as "src/index.ts"; "." is the workspace.',
    })
  }
  const relative = toRelative(folders, posix.normalize(path))
  if (relative === undefined) throw outsideWorkspace(path)
  return relative
}

/** The error for whatever leads out of the workspace; it does not tell where to. */
export function outsideWorkspace(path: string): AgentServerError {
  return new AgentServerError({
    code: 'path_outside_workspace',
    message: `The path ${JSON.stringify(path)} leads out of the workspace.`,
    hint: 'Only what lies inside the workspace can be reached; a symlink is followed only when it stays inside.',
  })
}

function findProblem(path: string): string | undefined {
  if (path === '') return 'is empty'
  if (path.includes('\0')) return 'has a NUL character'
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`
  const parts = path.split('/')
  if (parts.length > MAX_PATH_PARTS) return `has more than ${MAX_PATH_PARTS} parts`
  if (parts.some(isTemporaryName)) return `has a name that is reserved (${TEMPORARY_PREFIX}…)`
  return undefined
}

function toRelative(folders: readonly string[], path: string): string | undefined {
  if (!path.startsWith('/')) return path === '..' || path.startsWith('../') ? undefined : trim(path)
  const folder = folders.find((candidate) => isInside(candidate, trim(path)))
  return folder === undefined ? undefined : trim(path.slice(folder.length).replace(/^\/+/, ''))
}

function trim(path: string): string {
  return path.replace(/\/+$/, '') || (path.startsWith('/') ? '/' : '.')
}
