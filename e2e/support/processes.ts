import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A process as `/proc` tells it. */
export interface Process {
  id: number
  parent: number
  command: string
  environment: string
}

/** Every living process of the machine. */
export async function allProcesses(): Promise<Process[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(names.map((name) => readProcess(Number(name))))
  return found.filter((process) => process !== undefined)
}

/** A living process, or undefined when there is none: a zombie is dead. */
async function readProcess(id: number): Promise<Process | undefined> {
  const read = (name: string): Promise<string> => readFile(`/proc/${id}/${name}`, 'latin1').catch(() => '')
  const [stat, command, environment] = await Promise.all([read('stat'), read('cmdline'), read('environ')])
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (state === undefined || state === 'Z' || state === 'X' || stat === '') return undefined
  return { id, parent: Number(parent), command: command.replaceAll('\0', ' ').trim(), environment }
}

export async function isAlive(id: number): Promise<boolean> {
  return (await readProcess(id)) !== undefined
}

/** What a server started, and what that started, as far as it carries the mark of the data directory. */
export async function agentProcesses(dataDir: string): Promise<Process[]> {
  const mark = await readFile(join(dataDir, 'id'), 'utf8').catch(() => undefined)
  if (mark === undefined) return []
  return (await allProcesses()).filter(({ environment }) =>
    environment.includes(`CLAUDE_AGENT_SERVER_MARK=${mark}/`),
  )
}

/** Processes whose command line holds a text; give each test a text of its own, such as an unusual number of seconds. */
export async function processesWith(text: string): Promise<Process[]> {
  return (await allProcesses()).filter(({ id, command }) => id !== process.pid && command.includes(text))
}

/** Memory of a process in MiB. */
export async function residentMiB(id: number): Promise<number> {
  const status = await readFile(`/proc/${id}/status`, 'latin1')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024
}

/** Signals a process or, with a negative id, a process group; one that is gone is no error. */
export function signal(id: number, name: NodeJS.Signals): void {
  try {
    process.kill(id, name)
  } catch {
    // It is gone.
  }
}
