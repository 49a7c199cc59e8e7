import { lstat, opendir, rename, rmdir, unlink } from 'node:fs/promises'
import { posix } from 'node:path'
import { AgentServerError, type FileEntry } from '@claude-agent/protocol'
import type { Directory } from './directory.ts'
import { toOnlyEntry } from './entry.ts'
import { hasSystemCode, withFileErrors } from './system-error.ts'
import type { Workspace } from './workspace.ts'

const REMOVAL_PASSES = 10

/**
 * Makes a directory and its parents. One that exists is fine.
 *
 * @throws AgentServerError `invalid_path`, `path_outside_workspace`, `not_a_directory`, `path_denied`, `storage_full`
 */
export async function makeDirectory(
  workspace: Workspace,
  path: string,
): Promise<{ entry: FileEntry; created: boolean }> {
  const relative = workspace.parse(path)
  return await withFileErrors(path, async () => {
    const { directory, created } = await workspace.makeDirectories(relative)
    try {
      return { entry: toOnlyEntry(relative, await lstat(directory.at()), workspace.root), created }
    } finally {
      await directory.close()
    }
  })
}

/**
 * Moves a file, a directory or a symlink itself. Nothing is overwritten; the parent of `to` must exist. Whether `to` is
 * free is looked up right before: a file that another process makes in that instant can be replaced.
 *
 * @throws AgentServerError `invalid_path`, `path_outside_workspace`, `path_not_found`, `path_exists`, `path_denied`
 */
export async function move(workspace: Workspace, from: string, to: string): Promise<FileEntry> {
  const source = refuseWorkspace(workspace, from, 'moved')
  const target = workspace.parse(to)
  if (target === '.') throw pathExists(to)
  return await workspace
    .withPlace(source, async (old) => {
      await withFileErrors(from, () => lstat(old.directory.at(old.name)))
      return await withFileErrors(to, () =>
        workspace.withPlace(target, async ({ directory, name }) => {
          await workspace.changes.run(posix.join(directory.location, name), async () => {
            if (await exists(directory.at(name))) throw pathExists(to)
            await rename(old.directory.at(old.name), directory.at(name))
          })
          return toOnlyEntry(target, await lstat(directory.at(name)), workspace.root)
        }),
      )
    })
    .catch((error: unknown) => withFileErrors(from, () => Promise.reject(error)))
}

/**
 * Removes a file, a symlink itself, or a directory; one with entries only when `recursive`.
 *
 * @throws AgentServerError `invalid_path`, `path_outside_workspace`, `path_not_found`, `directory_not_empty`,
 *   `path_denied`
 */
export async function remove(workspace: Workspace, path: string, recursive: boolean): Promise<void> {
  const relative = refuseWorkspace(workspace, path, 'removed')
  await withFileErrors(path, () =>
    workspace.withPlace(relative, async ({ directory, name }) => {
      const stats = await lstat(directory.at(name))
      if (!stats.isDirectory()) await unlink(directory.at(name))
      else if (recursive) await removeTree(directory, name)
      else await rmdir(directory.at(name))
    }),
  )
}

/** Removes a directory with all that is in it, again and again while others add to it, up to a bound. */
async function removeTree(parent: Directory, name: string): Promise<void> {
  for (let pass = 1; ; pass += 1) {
    await empty(parent, name)
    try {
      return await rmdir(parent.at(name))
    } catch (error) {
      if (!hasSystemCode(error, 'ENOTEMPTY', 'EEXIST') || pass === REMOVAL_PASSES) throw error
    }
  }
}

async function empty(parent: Directory, name: string): Promise<void> {
  const directory = await parent.open(name)
  try {
    for await (const entry of await opendir(directory.at(), { bufferSize: 256 })) {
      if (entry.isDirectory()) await removeTree(directory, entry.name)
      else await unlink(directory.at(entry.name)).catch(ignoreVanished)
    }
  } finally {
    await directory.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(ignoreVanished)) !== undefined
}

function ignoreVanished(error: unknown): undefined {
  if (!hasSystemCode(error, 'ENOENT')) throw error
}

function refuseWorkspace(workspace: Workspace, path: string, what: string): string {
  const relative = workspace.parse(path)
  if (relative !== '.') return relative
  throw new AgentServerError({
    code: 'path_denied',
    message: `${JSON.stringify(path)} is the workspace itself, which cannot be ${what}.`,
  })
}

function pathExists(path: string): AgentServerError {
  return new AgentServerError({
    code: 'path_exists',
    message: `${JSON.stringify(path)} exists already.`,
    hint: 'Remove it first, or choose another name: nothing is overwritten.',
  })
}
