import { constants, type BigIntStats } from 'node:fs'
import { link, lstat, open, readlink, rename, unlink, type FileHandle } from 'node:fs/promises'
import { posix, relative as relativeTo } from 'node:path'
import { AgentServerError, type FileEntry } from '@claude-agent/protocol'
import { openContent } from './content.ts'
import { notAFile, toOnlyEntry, toVersion } from './entry.ts'
import { createTemporaryName, outsideWorkspace } from './path.ts'
import { checkPrecondition, preconditionFailed, type Precondition } from './precondition.ts'
import { hasSystemCode, withFileErrors } from './system-error.ts'
import type { Place, Workspace } from './workspace.ts'

const MAX_LINKS = 40

export interface WriteOptions {
  /** More bytes than this are an error. */
  maxBytes: number
  /** Bytes that the sender announced; another number is an error. */
  length?: number | undefined
  condition?: Precondition | undefined
}

export interface Written {
  entry: FileEntry
  version: string
  /** False when a file was replaced. */
  created: boolean
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, then to disk, then in place of it. Missing parent
 * directories are made, a replaced file's mode is kept, a symlink is written through as long as it stays inside.
 *
 * @throws AgentServerError `invalid_path`, `path_outside_workspace`, `not_a_file`, `not_a_directory`, `path_denied`,
 *   `precondition_failed`, `file_too_large`, `storage_full`, `invalid_request` (another length than announced)
 */
export async function writeContent(
  workspace: Workspace,
  path: string,
  body: AsyncIterable<Uint8Array>,
  options: WriteOptions,
): Promise<Written> {
  const relative = workspace.parse(path)
  if (relative === '.') throw notAFile(path)
  checkSize(path, options.length ?? 0, options.maxBytes)
  const write = async (): Promise<Written> => {
    if (options.condition !== undefined) await checkEarly(workspace, relative, options.condition)
    const place = await locate(workspace, relative)
    try {
      return await writePlace(workspace, place, body, { ...options, path, relative })
    } finally {
      await place.directory.close()
    }
  }
  return await withFileErrors(path, () => workspace.write(write))
}

interface WriteTask extends WriteOptions {
  path: string
  relative: string
}

async function writePlace(
  workspace: Workspace,
  place: Place,
  body: AsyncIterable<Uint8Array>,
  task: WriteTask,
): Promise<Written> {
  const { directory, name } = place
  const before = await readFileStats(place, task.path)
  const temporary = directory.at(createTemporaryName())
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, before ? 0o600 : 0o666)
  try {
    await receive(handle, body, task)
    await handle.sync()
    return await workspace.changes.run(posix.join(directory.location, name), async () => {
      const replaced = await readFileStats(place, task.path)
      if (task.condition !== undefined)
        checkPrecondition(task.condition, replaced && toVersion(replaced), task.path)
      await takeOver(handle, replaced ?? before)
      await publish(temporary, directory.at(name), task)
      const stats = await handle.stat({ bigint: true })
      const entry = toOnlyEntry(task.relative, stats, workspace.root)
      return { entry, version: toVersion(stats), created: replaced === undefined }
    })
  } finally {
    await handle.close()
    await unlink(temporary).catch(() => {})
  }
}

/** Puts the temporary file in its place; what must be new is linked, which fails when another process was faster. */
async function publish(temporary: string, target: string, task: WriteTask): Promise<void> {
  if (task.condition?.differs !== 'any') return await rename(temporary, target)
  try {
    await link(temporary, target)
    await unlink(temporary)
  } catch (error) {
    if (hasSystemCode(error, 'EEXIST')) throw preconditionFailed(task.path, 'was made meanwhile')
    if (!hasSystemCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw error
    await rename(temporary, target)
  }
}

async function receive(handle: FileHandle, body: AsyncIterable<Uint8Array>, task: WriteTask): Promise<void> {
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    checkSize(task.path, size, task.maxBytes)
    for (let done = 0; done < chunk.length;) done += (await handle.write(chunk, done)).bytesWritten
  }
  if (task.length === undefined || size === task.length) return
  throw new AgentServerError({
    code: 'invalid_request',
    message: `The body has ${size} bytes, ${task.length} were announced.`,
  })
}

/** Gives the new file the mode of the one that it replaces, and its owner where the server may. */
async function takeOver(handle: FileHandle, replaced: BigIntStats | undefined): Promise<void> {
  if (replaced === undefined) return
  const own = await handle.stat({ bigint: true })
  if (own.uid !== replaced.uid || own.gid !== replaced.gid) {
    await handle.chown(Number(replaced.uid), Number(replaced.gid)).catch(() => {})
  }
  await handle.chmod(Number(replaced.mode) & 0o777)
}

/** Fails before the body is read when the condition does not hold already. */
async function checkEarly(workspace: Workspace, relative: string, condition: Precondition): Promise<void> {
  let version: string | undefined
  try {
    const content = await openContent(workspace, relative)
    version = content.version
    await content.close()
  } catch (error) {
    if (!(error instanceof AgentServerError) || error.code !== 'path_not_found') throw error
  }
  checkPrecondition(condition, version, relative)
}

/** The place that a write goes to: parents made, links at the end followed one by one. */
async function locate(workspace: Workspace, path: string): Promise<Place> {
  let current = path
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const { directory } = await workspace.makeDirectories(posix.dirname(current))
    const name = posix.basename(current)
    const target = await readlink(directory.at(name)).catch(() => undefined)
    if (target === undefined) return { directory, name }
    await directory.close()
    current = relativeTo(workspace.root, posix.resolve(directory.location, target))
    if (current === '..' || current.startsWith('../')) throw outsideWorkspace(path)
    if (current === '') throw notAFile(path)
  }
  throw new AgentServerError({
    code: 'invalid_path',
    message: `${JSON.stringify(path)} has too many symlinks.`,
  })
}

async function readFileStats(place: Place, path: string): Promise<BigIntStats | undefined> {
  try {
    const stats = await lstat(place.directory.at(place.name), { bigint: true })
    if (!stats.isFile()) throw notAFile(path)
    return stats
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function checkSize(path: string, size: number, maxBytes: number): void {
  if (size <= maxBytes) return
  throw new AgentServerError({
    code: 'file_too_large',
    message: `${JSON.stringify(path)} would be larger than ${maxBytes} bytes.`,
    hint: 'Send it in parts, or raise the limit of the server.',
  })
}
