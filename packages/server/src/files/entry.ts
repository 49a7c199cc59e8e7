import type { BigIntStats, Stats } from 'node:fs'
import { basename } from 'node:path'
import { AgentServerError, type FileEntry } from '@claude-agent/protocol'

/** The entry of what `lstat` found, or undefined for what is neither file, directory nor symlink (FIFO, socket, device). */
export function toEntry(name: string, path: string, stats: Stats | BigIntStats): FileEntry | undefined {
  const type = readType(stats)
  if (type === undefined) return undefined
  const mtimeMs = Math.floor(Number(stats.mtimeMs))
  return { name, path, type, size: Number(stats.size), mtimeMs, mode: Number(stats.mode) & 0o7777 }
}

/** As `toEntry`, of one path: what is no entry is an error. */
export function toOnlyEntry(path: string, stats: Stats | BigIntStats, workspace: string): FileEntry {
  const entry = toEntry(basename(path === '.' ? workspace : path), path, stats)
  if (entry === undefined) throw notAFile(path)
  return entry
}

/** The error for what was to be read or written and is no regular file. */
export function notAFile(path: string): AgentServerError {
  return new AgentServerError({
    code: 'not_a_file',
    message: `${JSON.stringify(path)} is not a regular file.`,
    hint: 'Only regular files can be read and written.',
  })
}

/**
 * The version of a file's content: another one after every write, also after one that keeps size and time of
 * modification. It follows the time of the last change of status, so a chmod gives another version as well.
 */
export function toVersion(stats: BigIntStats): string {
  return `${stats.ino.toString(36)}-${stats.size.toString(36)}-${stats.ctimeNs.toString(36)}`
}

function readType(stats: Stats | BigIntStats): FileEntry['type'] | undefined {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'dir'
  return stats.isSymbolicLink() ? 'symlink' : undefined
}
