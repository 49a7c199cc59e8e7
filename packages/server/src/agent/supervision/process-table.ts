import { readdir, readFile } from 'node:fs/promises'

/** A process as `/proc` shows it. */
export interface ProcessEntry {
  id: number
  parent: number
  /** The id of the process that its session began with. */
  session: number
  /** When it began, in ticks since the system did: with the id it names one process for ever. */
  startedAt: string
}

/** Every living process. Linux only; none elsewhere. */
export async function readProcesses(): Promise<ProcessEntry[]> {
  if (process.platform !== 'linux') return []
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const entries = await Promise.all(ids.map((id) => readProcess(Number(id))))
  return entries.filter((entry) => entry !== undefined)
}

/** One process, or undefined when it is gone or a zombie. */
export async function readProcess(id: number): Promise<ProcessEntry | undefined> {
  const stat = await readFile(`/proc/${id}/stat`, 'latin1').catch(() => '')
  // The name of the program stands in parentheses and may hold anything; the fields behind it are plain.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, parent, , session] = fields
  if (stat === '' || state === 'Z' || state === 'X') return undefined
  return { id, parent: Number(parent), session: Number(session), startedAt: fields[19] ?? '' }
}

/** Whether the environment that a process was started with holds a text; false where it may not be read. */
export async function hasInEnvironment(id: number, text: string): Promise<boolean> {
  const environment = await readFile(`/proc/${id}/environ`, 'latin1').catch(() => '')
  return environment.includes(text)
}
