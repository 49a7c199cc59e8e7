import { existsSync, writeFileSync } from 'node:fs'
import type { Command } from './entry.ts'

const PLACES = ['/usr/bin/nice', '/bin/nice']

/**
 * A command that first gives way to other programs, then becomes the given one: same process, same pipes, same
 * environment. Everything that it starts gives way too. Where there is no `nice` it is the given one.
 */
export function giveWay(niceness: number, given: Command): Command {
  const nice = niceness === 0 ? undefined : PLACES.find((path) => existsSync(path))
  if (nice === undefined) return given
  return { command: nice, args: ['-n', String(niceness), given.command, ...given.args] }
}

/**
 * The same for the session that a process leads: where the kernel shares its time out among sessions first
 * (`sched_autogroup_enabled`), niceness alone counts only within one. Does nothing elsewhere.
 */
export function giveWayAsSession(niceness: number, leader: number): void {
  if (niceness === 0) return
  try {
    writeFileSync(`/proc/${leader}/autogroup`, String(niceness), { flag: 'r+' })
  } catch {
    // Not this kernel, or not allowed that often.
  }
}
