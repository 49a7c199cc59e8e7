import { join } from 'node:path'

/** A program and its arguments. */
export interface Command {
  command: string
  args: readonly string[]
}

// `$$` is the id that the program will have. What a shell adds to the environment is taken out again. A group that
// cannot be entered is no reason not to start: the mark is there as well.
const SCRIPT = '{ echo $$ > "$1"; } 2>/dev/null; shift; unset PWD OLDPWD SHLVL; exec "$@"'

/** A command that first enters a group, then becomes the given one: same process, same pipes, same arguments. */
export function enterGroup(path: string, { command, args }: Command): Command {
  return {
    command: '/bin/sh',
    args: ['-c', SCRIPT, 'claude-agent', join(path, 'cgroup.procs'), command, ...args],
  }
}

/** Names that shells keep for themselves: they would change them, or drop them. */
const OF_SHELLS =
  /^(_|BASH.*|DIRSTACK|EPOCH.*|EUID|FUNCNAME|GROUPS|HISTCMD|IFS|LINENO|OLDPWD|OPT(ARG|ERR|IND)|PPID|PS\d|PWD|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID)$/

/** Whether an environment gets through a shell as it is: what is no name of a variable, such as `a.b`, many drop. */
export function passesShell(environment: NodeJS.ProcessEnv): boolean {
  return Object.keys(environment).every((name) => /^[A-Za-z_]\w*$/.test(name) && !OF_SHELLS.test(name))
}
