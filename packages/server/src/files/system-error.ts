import { AgentServerError, type ErrorCode } from '@claude-agent/protocol'

const KINDS: Readonly<Record<string, readonly [code: ErrorCode, what: string, hint?: string]>> = {
  ENOENT: ['path_not_found', 'does not exist'],
  ENOTDIR: ['not_a_directory', 'is not a directory, or a part before its last one is none'],
  EISDIR: ['not_a_file', 'is a directory'],
  ENXIO: ['not_a_file', 'is not a regular file'],
  EEXIST: ['path_exists', 'exists already'],
  ENOTEMPTY: [
    'directory_not_empty',
    'is a directory with entries',
    'Ask with recursive=true to remove them too.',
  ],
  EACCES: ['path_denied', 'is not accessible to the server'],
  EPERM: ['path_denied', 'is not accessible to the server'],
  EROFS: ['path_denied', 'is on a read-only file system'],
  EBUSY: ['path_denied', 'is in use by the system'],
  ENAMETOOLONG: ['invalid_path', 'has a part that is too long'],
  ELOOP: ['invalid_path', 'has too many symlinks'],
  EINVAL: ['invalid_path', 'is refused by the file system; a directory cannot be moved into itself'],
  EXDEV: ['invalid_path', 'is on another file system', 'Read it, write it to the new path, and remove it.'],
  EFBIG: ['file_too_large', 'grows beyond what the file system takes'],
  ENOSPC: ['storage_full', 'cannot be written: no room is left', 'Remove something and try again.'],
  EDQUOT: ['storage_full', 'cannot be written: the quota is used up', 'Remove something and try again.'],
}

/** True for an error of the operating system with one of the codes. */
export function hasSystemCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(readSystemCode(error) ?? '')
}

/** The error of the catalogue for an error of the file system; what is no such error is given back as it is. */
export function toFileError(error: unknown, path: string): unknown {
  const systemCode = readSystemCode(error)
  if (systemCode === undefined || error instanceof AgentServerError) return error
  const kind = KINDS[systemCode]
  if (kind === undefined) {
    const message = `The system failed on ${JSON.stringify(path)} (${systemCode}).`
    return new AgentServerError({ code: 'internal', message, cause: error })
  }
  const [code, what, hint] = kind
  return new AgentServerError({ code, message: `${JSON.stringify(path)} ${what}.`, hint, cause: error })
}

/** Runs a task and turns what the file system throws into errors of the catalogue that name the path. */
export async function withFileErrors<T>(path: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw toFileError(error, path)
  }
}

function readSystemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
