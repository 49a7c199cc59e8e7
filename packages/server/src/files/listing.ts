import { lstat, opendir } from 'node:fs/promises'
import { posix } from 'node:path'
import { AgentServerError, type FileEntry } from '@claude-agent/protocol'
import type { Directory } from './directory.ts'
import { toEntry, toOnlyEntry } from './entry.ts'
import { isTemporaryName } from './path.ts'
import { hasSystemCode, withFileErrors } from './system-error.ts'
import type { Workspace } from './workspace.ts'

const STATS_AT_ONCE = 64

export interface ListOptions {
  /** Levels of directories; 1 gives the direct entries. */
  depth: number
  /** More entries than this are an error. */
  maxEntries: number
}

/**
 * What is in a directory, sorted by name at each level, a directory before what is in it. Symlinks are shown and not
 * descended. Left out is what is neither file, directory nor symlink, what vanishes meanwhile, and what is in a
 * directory further down that the server may not read.
 *
 * @throws AgentServerError `invalid_path`, `path_outside_workspace`, `path_not_found`, `not_a_directory`,
 *   `path_denied`, `invalid_request` (too many entries)
 */
export async function listDirectory(
  workspace: Workspace,
  path: string,
  options: ListOptions,
): Promise<FileEntry[]> {
  const relative = workspace.parse(path)
  const entries: FileEntry[] = []
  await withFileErrors(path, async () => {
    const directory = await workspace.openDirectory(relative)
    await collect(directory, relative, options.depth)
  })
  return entries

  async function collect(directory: Directory, below: string, depth: number): Promise<void> {
    try {
      for (const entry of await readEntries(directory, below, room())) {
        entries.push(entry)
        room()
        if (entry.type !== 'dir' || depth <= 1) continue
        const child = await openListed(directory, entry.name)
        if (child !== undefined) await collect(child, entry.path, depth - 1).catch(ignoreDenied)
      }
    } finally {
      await directory.close()
    }
  }

  function room(): number {
    if (entries.length <= options.maxEntries) return options.maxEntries - entries.length
    throw tooManyEntries(path, options.maxEntries)
  }
}

/** The entry at a path; of a symlink the link's own. */
export async function readInfo(workspace: Workspace, path: string): Promise<FileEntry> {
  const relative = workspace.parse(path)
  return await withFileErrors(path, async () => {
    if (relative === '.') return toOnlyEntry('.', await lstat(workspace.root), workspace.root)
    return await workspace.withPlace(relative, async ({ directory, name }) =>
      toOnlyEntry(relative, await lstat(directory.at(name)), workspace.root),
    )
  })
}

/** The names in a directory but for those of files that are being written; at most `limit` + 1. */
export async function readNames(directory: Directory, limit = Number.POSITIVE_INFINITY): Promise<string[]> {
  const names: string[] = []
  for await (const { name } of await opendir(directory.at(), { bufferSize: 256 })) {
    if (isTemporaryName(name)) continue
    names.push(name)
    if (names.length > limit) break
  }
  return names
}

/** Runs a task for each item, so many at once, and gives the results in the order of the items. */
export async function mapInSlices<T, R>(
  items: readonly T[],
  task: (item: T) => Promise<R>,
  atOnce = STATS_AT_ONCE,
): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += atOnce) {
    results.push(...(await Promise.all(items.slice(start, start + atOnce).map(task))))
  }
  return results
}

async function readEntries(directory: Directory, below: string, limit: number): Promise<FileEntry[]> {
  const names = (await readNames(directory, limit)).sort()
  const found = await mapInSlices(names, async (name) => {
    const stats = await lstat(directory.at(name)).catch(ignoreVanished)
    return stats && toEntry(name, posix.join(below, name), stats)
  })
  return found.filter((entry) => entry !== undefined)
}

async function openListed(directory: Directory, name: string): Promise<Directory | undefined> {
  try {
    return await directory.open(name)
  } catch (error) {
    if (hasSystemCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) return undefined
    throw error
  }
}

function ignoreVanished(error: unknown): undefined {
  if (!hasSystemCode(error, 'ENOENT')) throw error
}

function ignoreDenied(error: unknown): void {
  if (!hasSystemCode(error, 'EACCES', 'EPERM')) throw error
}

function tooManyEntries(path: string, maxEntries: number): AgentServerError {
  return new AgentServerError({
    code: 'invalid_request',
    message: `There are more than ${maxEntries} entries below ${JSON.stringify(path)}.`,
    hint: 'List with a smaller depth, or list a directory further down.',
  })
}
