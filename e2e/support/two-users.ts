import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { layOut, type ServerStart } from './server.ts'
import type { World } from './test.ts'

/** Users that nobody is: the server's, and the agents'. */
export const SERVER_ID = 65_001
export const AGENT_ID = 65_002

/** What the server keeps, as in the image. */
const KEPT = '+setuid,+setgid,+kill,+sys_ptrace,+dac_override'

/** Why tests with two users are skipped here, after the name of the test; empty where they run. */
export const noTwoUsers: string = (() => {
  if (process.platform !== 'linux') return ' (skipped: users are kept apart on Linux only)'
  if (process.getuid?.() !== 0) return ' (skipped: only root can start a server as another user)'
  try {
    execFileSync('setpriv', asServer('true'), { stdio: 'ignore' })
    return ''
  } catch {
    return ' (skipped: setpriv cannot give a process its capabilities here)'
  }
})()

/** The arguments of setpriv that the image starts the server with. */
function asServer(...program: string[]): string[] {
  const who = [`--reuid=${SERVER_ID}`, `--regid=${SERVER_ID}`, '--clear-groups']
  return [
    ...who,
    `--inh-caps=-all,${KEPT}`,
    `--ambient-caps=-all,${KEPT}`,
    '--no-new-privs',
    '--',
    ...program,
  ]
}

/**
 * What starts a server as the image does: as a user of no rights but those that it takes to run agents as another one.
 * Its folders are there, and whose they should be.
 */
export async function asTwoUsers(
  world: World,
): Promise<Required<Pick<ServerStart, 'folder' | 'runtime' | 'args'>>> {
  const folder = await world.folder()
  const { home, workspace, dataDir, cwd } = layOut(folder)
  for (const path of [home, dataDir, cwd]) await make(path, SERVER_ID, 0o700)
  for (const path of [workspace, `${workspace}.home`]) await make(path, AGENT_ID, 0o700)
  await chmod(folder, 0o755)
  const runtime = join(folder, 'start')
  const words = asServer(process.execPath).map((word) => `'${word}'`)
  await writeFile(runtime, `#!/bin/sh\nexec setpriv ${words.join(' ')} "$@"\n`, { mode: 0o755 })
  return { folder, runtime, args: ['--agent-user', `${AGENT_ID}:${AGENT_ID}`] }
}

async function make(path: string, owner: number, mode: number): Promise<void> {
  await mkdir(path)
  await chmod(path, mode)
  await chown(path, owner, owner)
}
