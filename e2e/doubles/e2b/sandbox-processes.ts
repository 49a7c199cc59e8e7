import { readdir, readFile, readlink } from 'node:fs/promises'

/** The variable that every process which the double starts carries. */
export const MARK = 'E2B_DOUBLE_SANDBOX'

interface Seen {
  id: number
  parent: number
  ours: boolean
}

/**
 * The processes of a sandbox: those with its mark, those that work in its folder, and all that descend from them or from
 * the processes that the double started. (A server gives its agents an environment of their own, without the mark.)
 */
export async function processesOf(sandboxId: string, root: string, started: number[]): Promise<number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const seen = (await Promise.all(names.map((name) => look(Number(name), sandboxId, root)))).filter(
    (process) => process !== undefined,
  )
  const found = new Set(started.filter((id) => seen.some((process) => process.id === id)))
  for (const { id, ours } of seen) if (ours) found.add(id)
  for (let grew = true; grew;) {
    grew = false
    for (const { id, parent } of seen) {
      if (found.has(id) || !found.has(parent)) continue
      found.add(id)
      grew = true
    }
  }
  found.delete(process.pid)
  return [...found]
}

async function look(id: number, sandboxId: string, root: string): Promise<Seen | undefined> {
  const [stat, environment, folder] = await Promise.all([
    readFile(`/proc/${id}/stat`, 'latin1').catch(() => ''),
    readFile(`/proc/${id}/environ`, 'latin1').catch(() => ''),
    readlink(`/proc/${id}/cwd`).catch(() => ''),
  ])
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (stat === '' || state === 'Z' || state === 'X') return undefined
  const isMarked = environment.split('\0').includes(`${MARK}=${sandboxId}`)
  return { id, parent: Number(parent), ours: isMarked || folder === root || folder.startsWith(`${root}/`) }
}

/** Signals all of them; those that are gone are no error. */
export function signalAll(ids: number[], name: NodeJS.Signals): void {
  for (const id of ids) {
    try {
      process.kill(id, name)
    } catch {
      // It is gone.
    }
  }
}
