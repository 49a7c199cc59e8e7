import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { groupsIn } from './hierarchy.ts'
import { sendSignal } from './marks.ts'

/** Rounds of ending a group: a killed process is in it for a moment, longer when it has much memory to give back. */
const ROUNDS = 80
const PAUSE_MS = 25

/** Makes the directory of a group; false where that is not allowed. */
export function makeGroup(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST'
  }
}

/** Moves a process into a group; false where that is not allowed. */
export function moveToGroup(path: string, id: number): boolean {
  try {
    writeFileSync(join(path, 'cgroup.procs'), String(id), { flag: 'r+' })
    return true
  } catch {
    return false
  }
}

/** The ids of the processes in a group and in those below it. */
export async function groupProcesses(path: string): Promise<number[]> {
  const list = await readFile(join(path, 'cgroup.procs'), 'utf8').catch(() => '')
  const below = await Promise.all((await groupsIn(path)).map(groupProcesses))
  // One of another namespace is listed as 0, which to `kill` would mean ourselves.
  return [...list.split('\n').map(Number), ...below.flat()].filter((id) => id > 1 && id !== process.pid)
}

/** Kills what is in a group and below it, and removes their directories. False when some of it would not go. */
export async function endGroup(path: string): Promise<boolean> {
  for (let round = 0; round < ROUNDS; round += 1) {
    if (await removeGroup(path)) return true
    await killGroup(path)
    if (await removeGroup(path)) return true
    await new Promise((go) => setTimeout(go, PAUSE_MS))
  }
  return false
}

/** Kills what is in a group: by the kernel, which no fork escapes; before Linux 5.14 one by one. */
async function killGroup(path: string): Promise<void> {
  try {
    await writeFile(join(path, 'cgroup.kill'), '1', { flag: 'r+' })
  } catch {
    for (const id of await groupProcesses(path)) sendSignal(id, 'SIGKILL')
  }
}

/** Removes the empty directory of a group, those below it first. */
async function removeGroup(path: string): Promise<boolean> {
  for (const below of await groupsIn(path)) if (!(await removeGroup(below))) return false
  return rmdir(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  )
}
