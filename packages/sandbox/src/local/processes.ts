import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/**
 * A process for good: ids are used again, also for somebody else's process, but not with the same start. To be compared
 * as it is; what it says differs between systems.
 */
export interface ProcessIdentity {
  id: number
  started: string
}

const LINUX = process.platform === 'linux'
const POLL_MS = 20
const run = promisify(execFile)

/** A living process; undefined when there is none. A zombie is dead. */
export async function identify(id: number): Promise<ProcessIdentity | undefined> {
  const started = LINUX ? await startInProc(id) : await startByPs(id)
  return started === undefined ? undefined : { id, started }
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.id))?.started === identity.started
}

/** Signals a process if it is still the one that is meant; a negative `id` is never used, so no group is hit. */
export async function signal(identity: ProcessIdentity, name: NodeJS.Signals): Promise<void> {
  if (await isAlive(identity)) send(identity.id, name)
}

/** Resolves when the process is dead, with true, or after `timeoutMs`, with false. */
export async function hasEnded(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs
  for (;;) {
    if (!(await isAlive(identity))) return true
    if (Date.now() > end) return false
    await delay(POLL_MS)
  }
}

/** The processes that a process started and that live. Linux only; empty elsewhere. */
export async function childrenOf(id: number): Promise<ProcessIdentity[]> {
  const text = await readFile(`/proc/${id}/task/${id}/children`, 'latin1').catch(() => '')
  const found = await Promise.all(
    text.split(' ').flatMap((name) => (name === '' ? [] : identify(Number(name)))),
  )
  return found.filter((one) => one !== undefined)
}

/**
 * Kills every process that was started with this very variable, however it detached itself; one that shows up meanwhile
 * too. Linux only: elsewhere nobody may see the environment of a process.
 */
export async function killWith(variable: string): Promise<void> {
  if (!LINUX) return
  for (;;) {
    const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
    const found = await Promise.all(ids.map(async (id) => ((await wasStartedWith(id, variable)) ? [id] : [])))
    const left = found.flat().filter((id) => id !== process.pid)
    if (left.length === 0) return
    for (const id of left) send(id, 'SIGKILL')
    await delay(POLL_MS)
  }
}

async function wasStartedWith(id: number, variable: string): Promise<boolean> {
  const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')
  return environment.split('\0').includes(variable)
}

function send(id: number, name: NodeJS.Signals): void {
  try {
    process.kill(id, name)
  } catch {
    // It is gone this moment.
  }
}

/** Ticks since the boot, and the boot: after the next one the same ticks may come again. */
async function startInProc(id: number): Promise<string | undefined> {
  const read = (path: string): Promise<string> => readFile(path, 'latin1').catch(() => '')
  const [stat, boot] = await Promise.all([read(`/proc/${id}/stat`), read('/proc/sys/kernel/random/boot_id')])
  // The name of the program stands in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, ticks] = [fields[0], fields[19]]
  if (ticks === undefined || state === 'Z' || state === 'X') return undefined
  return `${boot.trim()}/${ticks}`
}

async function startByPs(id: number): Promise<string | undefined> {
  const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', `${id}`], {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
  }).catch(() => ({ stdout: '' }))
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout) ?? []
  return state === undefined || state.startsWith('Z') ? undefined : started
}
