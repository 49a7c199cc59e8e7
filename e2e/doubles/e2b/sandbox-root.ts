import { execFile } from 'node:child_process'
import { chown, mkdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { Refusal } from './answer.ts'
import { homeOf, USERS } from './sandbox-command.ts'

/** Makes the root of a sandbox: a copy of its template's, or an empty folder with a few that everybody expects. */
export async function copyRoot(rootfs: string | undefined, root: string): Promise<void> {
  if (rootfs === undefined) {
    for (const folder of ['tmp', 'run', 'home/user', 'root'])
      await mkdir(join(root, folder), { recursive: true })
    return
  }
  await promisify(execFile)('cp', ['-a', '--reflink=auto', rootfs, root])
}

/** A path of a sandbox on this machine. A relative one is in the user's home. */
export function placeOf(root: string, path: string, user: string): string {
  const absolute = path.startsWith('/') ? path : join(homeOf(user), path.replace(/^~\/?/, ''))
  return join(root, normalize(absolute))
}

/** The ids of a user by the sandbox's own `/etc/passwd`; undefined where it has none, and everything is the double's. */
export async function idsOf(root: string, user: string): Promise<{ uid: number; gid: number } | undefined> {
  const list = await readFile(join(root, 'etc/passwd'), 'utf8').catch(() => undefined)
  if (list === undefined) {
    if (USERS.includes(user)) return undefined
    throw new Refusal(401, `error looking up user '${user}': user: unknown user ${user}`)
  }
  const fields = list
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === user)
  if (fields === undefined)
    throw new Refusal(401, `error looking up user '${user}': user: unknown user ${user}`)
  return { uid: Number(fields[2]), gid: Number(fields[3]) }
}

/** Makes the folders above a file; as envd does, those that are new belong to the user. */
export async function makeParents(root: string, place: string, user: string): Promise<void> {
  const first = await mkdir(dirname(place), { recursive: true })
  if (first === undefined) return
  for (let folder = dirname(place); folder.length >= first.length; folder = dirname(folder)) {
    await own(root, folder, user)
  }
}

/** Gives a file to the user, where the double may and the sandbox has users. */
export async function own(root: string, place: string, user: string): Promise<void> {
  const ids = await idsOf(root, user)
  if (ids !== undefined && process.getuid?.() === 0) await chown(place, ids.uid, ids.gid)
}
