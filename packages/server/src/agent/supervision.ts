import { spawn, type ChildProcess } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'

/** The variable that every process of an agent inherits; its value is `<server>/<agent>/`. */
export const MARK_VARIABLE = 'CLAUDE_AGENT_SERVER_MARK'

/** Rounds of a sweep: a process may fork while it is being looked for. */
const ROUNDS = 20
const PAUSE_MS = 25

/** The ids of the processes whose environment has a mark that begins with `mark`. Linux only; none elsewhere. */
export async function findMarked(mark: string): Promise<number[]> {
  if (process.platform !== 'linux') return []
  const needle = `${MARK_VARIABLE}=${mark}`
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const found = await Promise.all(
    ids.map(async (id) => {
      const environment = await readFile(`/proc/${id}/environ`, 'latin1').catch(() => '')
      return environment.includes(needle) && !(await isZombie(id)) ? Number(id) : undefined
    }),
  )
  return found.filter((id) => id !== undefined)
}

/** Kills every process with a mark, and those that they fork meanwhile. Resolves with how many it killed. */
export async function killMarked(mark: string): Promise<number> {
  const killed = new Set<number>()
  for (let round = 0; round < ROUNDS; round += 1) {
    const ids = await findMarked(mark)
    if (ids.length === 0) break
    for (const id of ids) {
      killed.add(id)
      sendSignal(id, 'SIGKILL')
    }
    await new Promise((go) => setTimeout(go, PAUSE_MS))
  }
  return killed.size
}

/** Signals a process, or a process group when `id` is negative; one that is gone already is no error. */
export function sendSignal(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal)
  } catch {
    // It is gone.
  }
}

/**
 * A small shell that outlives the server for a moment: it waits on a pipe, and when the server is gone, however it
 * went, it kills what carries the server's mark. It is in a session of its own, so that Ctrl-C does not reach it.
 */
export function startWatcher(mark: string): ChildProcess | undefined {
  if (process.platform !== 'linux') return undefined
  const watcher = spawn('/bin/sh', ['-c', WATCH, 'claude-agent-watcher', `${MARK_VARIABLE}=${mark}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  })
  watcher.on('error', () => {})
  watcher.stdin?.on('error', () => {})
  watcher.unref()
  ;(watcher.stdin as { unref?: () => void } | null)?.unref?.()
  return watcher
}

// `grep -l` names the files that hold the mark. The watcher's own environment has none; its arguments don't count.
const WATCH = `
trap '' INT TERM HUP
while read -r _; do :; done
round=0
while [ $round -lt ${ROUNDS} ]; do
  found=
  for file in $(grep -lsF -- "$1" /proc/[0-9]*/environ 2>/dev/null); do
    id=\${file#/proc/}; id=\${id%/environ}
    kill -9 "$id" 2>/dev/null && found=1
  done
  [ -z "$found" ] && exit 0
  round=$((round + 1))
  sleep 0.05
done
`

async function isZombie(id: string): Promise<boolean> {
  const stat = await readFile(`/proc/${id}/stat`, 'latin1').catch(() => '')
  return /\) Z /.test(stat)
}
