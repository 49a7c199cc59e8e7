import { hasInEnvironment, readProcess, readProcesses, type ProcessEntry } from './process-table.ts'

/** The variable that every process of an agent inherits; its value is `<server>/<start>/<agent>/`. */
export const MARK_VARIABLE = 'CLAUDE_AGENT_SERVER_MARK'

/** Rounds of a sweep: a process may fork while it is being looked for. */
const ROUNDS = 20
const PAUSE_MS = 25

/**
 * The processes of an agent, or of all agents of a server: those with a mark that begins with `mark`, and those that
 * threw away their environment but descend from a marked one or are in its session. `also` are known to be among them.
 */
export async function findMarked(mark: string, also: readonly number[] = []): Promise<ProcessEntry[]> {
  const text = `${MARK_VARIABLE}=${mark}`
  const all = (await readProcesses()).filter(({ id }) => id !== process.pid && id !== 1)
  const marks = await Promise.all(all.map(({ id }) => hasInEnvironment(id, text)))
  const found = new Set(all.filter(({ id }, index) => marks[index] || also.includes(id)))
  for (let size = -1; size !== found.size;) {
    size = found.size
    const ids = new Set([...found].map(({ id }) => id))
    // Session 0 is that of a leader outside of this container: it says nothing.
    const sessions = new Set([...found].map(({ session }) => session).filter((session) => session !== 0))
    for (const entry of all) if (ids.has(entry.parent) || sessions.has(entry.session)) found.add(entry)
  }
  return [...found]
}

/** Kills what has a mark, and what that forks meanwhile. `known` was found before and may not be findable any more. */
export async function killMarked(mark: string, known: readonly ProcessEntry[] = []): Promise<void> {
  let found = [...known, ...(await findMarked(mark))]
  for (let round = 0; round < ROUNDS && found.length > 0; round += 1) {
    await Promise.all(found.map(kill))
    await new Promise((go) => setTimeout(go, PAUSE_MS))
    found = await findMarked(mark)
  }
}

/** Kills a process, unless another one has its id by now. */
async function kill({ id, startedAt }: ProcessEntry): Promise<void> {
  if ((await readProcess(id))?.startedAt === startedAt) sendSignal(id, 'SIGKILL')
}

/** Signals a process, or a process group when `id` is negative; one that is gone already is no error. */
export function sendSignal(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal)
  } catch {
    // It is gone.
  }
}
