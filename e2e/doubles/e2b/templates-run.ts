import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { MARK, processesOf, signalAll } from './sandbox-processes.ts'
import { enterRoot } from './templates-enter.ts'

/** What a command finds around it. */
export interface Surroundings {
  user: string
  /** The working folder; an empty one is the user's home. */
  folder: string
  envs: Record<string, string>
}

/** Runs a command in a root, line by line to `note`; fails unless its exit code is 0. */
export async function runInRoot(
  root: string,
  command: string,
  around: Surroundings,
  note: (line: string) => void,
  source = '',
  args: readonly string[] = [],
): Promise<void> {
  const child = launch(root, command, around, source, args, randomBytes(8).toString('hex'))
  const read = readLines(child, note)
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)))
  })
  await read
  if (code !== 0) throw new Error(`exit status ${code}`)
}

/** Starts a command that goes on; `end` ends it with everything that it has started. */
export function startInRoot(
  root: string,
  command: string,
  around: Surroundings,
  note: (line: string) => void,
): { readonly code: number | undefined; end: () => Promise<void> } {
  const mark = randomBytes(8).toString('hex')
  const child = launch(root, command, around, '', [], mark)
  void readLines(child, note)
  const state: { code: number | undefined; end: () => Promise<void> } = {
    code: undefined,
    end: async () => {
      const started = child.pid === undefined ? [] : [child.pid]
      for (let left = await processesOf(mark, root, started); left.length > 0;) {
        signalAll(left, 'SIGKILL')
        await new Promise((resolve) => setTimeout(resolve, 5))
        left = await processesOf(mark, root, started)
      }
    },
  }
  child.once('error', () => (state.code = 127))
  child.once('exit', (code) => (state.code = code ?? 128))
  return state
}

function launch(
  root: string,
  command: string,
  { user, folder, envs }: Surroundings,
  source: string,
  args: readonly string[],
  mark: string,
): ChildProcess {
  const home = user === 'root' ? '/root' : `/home/${user}`
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    USER: user,
    LOGNAME: user,
    ...envs,
    [MARK]: mark,
  }
  const cwd = folder === '' ? home : folder
  const inside = { command: '/bin/bash', args: ['-l', '-c', command, 'step', ...args], cwd, env }
  const entered = enterRoot(inside, { root, address: '' }, user, source)
  return spawn(entered.command, entered.args, {
    cwd: entered.cwd,
    env: entered.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
}

/** Resolves when a process has said all that it will say. */
async function readLines(child: ChildProcess, note: (line: string) => void): Promise<void> {
  const read = async (name: 'stdout' | 'stderr'): Promise<void> => {
    for await (const line of createInterface({ input: child[name]! })) note(`[${name}]: ${line}`)
  }
  await Promise.all([read('stdout'), read('stderr')])
}
