import { drawBytes } from '../random.ts'
import { readFileSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Seq } from '@claude-agent/protocol'

const FILE = 'log.json'

/** Where a log ended when everything was durable and nobody wrote any more. */
interface CleanEnd {
  lastSeq: Seq
  /** The length of the last segment; 0 when there was none. */
  bytes: number
}

/** What `log.json` says of a log. */
export interface LogIdentity {
  id: string
  /** The boot of the machine in which the log was last written, where that is known. */
  boot?: string
  /** Absent while the log is in use, and so after a crash. */
  closed?: CleanEnd
}

/** A random id for a list of events. */
export function createLogId(): string {
  return drawBytes(9).toString('base64url')
}

/** The id of this boot of the machine, which a container shares with its host; undefined where there is none. */
export function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}

/** What is written of the log in a directory; undefined when nothing is, or nothing that can be read. */
export async function readIdentity(directory: string): Promise<LogIdentity | undefined> {
  try {
    const identity = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Partial<LogIdentity> | null
    return typeof identity?.id === 'string' ? (identity as LogIdentity) : undefined
  } catch {
    return undefined
  }
}

/** Replaces what is written, in one step; `durable` when a loss of power must not undo it. */
export async function writeIdentity(
  directory: string,
  identity: LogIdentity,
  { durable }: { durable: boolean },
): Promise<void> {
  const path = join(directory, FILE)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(identity)}\n`)
    if (durable) await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  if (durable) await syncDirectory(directory)
}

/** Makes durable which files a directory has. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Some network file systems know no such thing.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
  } finally {
    await handle.close()
  }
}

/** The directories whose entries changed when `made` and everything below it down to `directory` was created. */
export function changedDirectories(directory: string, made: string | undefined): string[] {
  const changed = [directory]
  if (made === undefined) return changed
  while (changed.at(-1) !== dirname(made) && changed.at(-1) !== dirname(changed.at(-1)!))
    changed.push(dirname(changed.at(-1)!))
  return changed
}
