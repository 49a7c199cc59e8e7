import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, removeFolder } from './folder.ts'
import { measured } from './held-memory/held-memory.ts'
import { agentProcesses, allProcesses, signal, type Process } from './processes.ts'
import { Program, type ProgramEnd } from './program.ts'
import { until } from './until.ts'

/** What a start may take on a busy machine. */
const START_MS = 20_000

export interface ServerStart {
  /** URL of the model. */
  upstream?: string | undefined
  /** @default 'e2e-key'; null for none */
  key?: string | null
  token?: string
  env?: Record<string, string>
  args?: string[]
  runtime?: string
  /** `heldMiB()` can tell what it holds. */
  isMeasured?: boolean
  /** A folder to go on in, as a restart does: with the home, workspace and data directory of another server. */
  folder?: string
}

/** A server that runs as users start it: a process of its own, with an environment that holds nothing of ours. */
export interface TestServer {
  url: string
  wsUrl: string
  port: number
  token: string | undefined
  pid: number
  folder: string
  home: string
  workspace: string
  dataDir: string
  program: Program
  /** All that it has printed. */
  logs(): string
  kill(name: NodeJS.Signals): void
  /** The CLI that it has running, once there is one. */
  agent(): Promise<Process>
  /** Resolves when no process that its agents started is left. */
  cleared(timeoutMs?: number): Promise<void>
  /** Ends it and what it started, however it is. */
  close(): Promise<void>
}

/** The folders of a server, all in one. */
export function layOut(folder: string): { home: string; workspace: string; dataDir: string; cwd: string } {
  const [home, workspace, dataDir, cwd] = ['home', 'workspace', 'data', 'cwd'].map((name) =>
    join(folder, name),
  )
  return { home: home!, workspace: workspace!, dataDir: dataDir!, cwd: cwd! }
}

/** The environment and flags of a server in a folder; nothing is inherited but the PATH. */
function describeStart(start: ServerStart, folder: string): { env: Record<string, string>; args: string[] } {
  const { home, workspace, dataDir } = layOut(folder)
  const { upstream, key = 'e2e-key', token } = start
  return {
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: home,
      // An agent that is made ready for the next session is for nobody here.
      CLAUDE_AGENT_SPARES: '0',
      // Agents would wait for everything else that a run of all tests keeps the machine busy with.
      CLAUDE_AGENT_NICENESS: '0',
      ...(upstream === undefined ? {} : { ANTHROPIC_BASE_URL: upstream }),
      ...(key === null ? {} : { ANTHROPIC_API_KEY: key }),
      ...(token === undefined ? {} : { CLAUDE_AGENT_TOKEN: token }),
      ...(start.isMeasured === true ? measured(folder) : {}),
      ...start.env,
    },
    args: ['--port', '0', '--data-dir', dataDir, '--workspace', workspace, ...(start.args ?? [])],
  }
}

/** Starts the program in a folder of its own and leaves it to the test what becomes of it. */
async function startProgram(start: ServerStart = {}): Promise<{ program: Program; folder: string }> {
  const folder = start.folder ?? (await makeFolder())
  const { home, cwd } = layOut(folder)
  await mkdir(home, { recursive: true })
  await mkdir(cwd, { recursive: true })
  const { env, args } = describeStart(start, folder)
  const { runtime } = start
  return { program: new Program({ env, args, cwd, ...(runtime === undefined ? {} : { runtime }) }), folder }
}

/** Runs the program to its end, for starts that fail and flags that print. */
export async function runProgram(start: ServerStart): Promise<ProgramEnd> {
  const { program, folder } = await startProgram(start)
  const timer = setTimeout(() => signal(-program.id, 'SIGKILL'), START_MS)
  const end = await program.ended
  clearTimeout(timer)
  if (start.folder === undefined) await removeFolder(folder)
  return end
}

/** Starts a server and resolves once it listens. */
export async function startServer(start: ServerStart = {}): Promise<TestServer> {
  const { program, folder } = await startProgram(start)
  const { home, workspace, dataDir } = layOut(folder)
  const close = async (): Promise<void> => {
    signal(program.id, 'SIGKILL')
    await program.ended
    await endAll(dataDir)
    if (start.folder === undefined) await removeFolder(folder)
  }
  const timer = setTimeout(() => signal(program.id, 'SIGKILL'), START_MS)
  const url = await program
    .print(/^ +page +(http:\/\/\S+:\d+)\/$/m)
    .then((banner) => banner[1]!)
    .catch(async (error: unknown) => {
      // A folder that was given may be in use by another server; its agents are not ours to end.
      if (start.folder === undefined) await close()
      throw error
    })
    .finally(() => clearTimeout(timer))
  const agents = (): Promise<Process[]> => agentProcesses(dataDir)
  return {
    url,
    wsUrl: `${url.replace(/^http/, 'ws')}/ws`,
    port: Number(new URL(url).port),
    token: start.token,
    pid: program.id,
    folder,
    home,
    workspace,
    dataDir,
    program,
    logs: () => program.stdout + program.stderr,
    kill: (name) => signal(program.id, name),
    agent: () =>
      until('the server has a CLI running', async () =>
        (await agents()).find(({ parent }) => parent === program.id),
      ),
    cleared: async (timeoutMs) => {
      await until('no process of the agents is left', async () => (await agents()).length === 0, timeoutMs)
    },
    close,
  }
}

/** Kills what is left of a server's agents. */
async function endAll(dataDir: string): Promise<void> {
  await until('the agents are dead', async () => {
    const left = await agentProcesses(dataDir)
    for (const { id } of left) signal(id, 'SIGKILL')
    return left.length === 0
  })
}

/** The watcher of a server: the shell that outlives it for a moment. */
export async function watcherOf(server: TestServer): Promise<Process | undefined> {
  return (await allProcesses()).find(
    ({ parent, command }) => parent === server.pid && command.includes('claude-agent-watcher'),
  )
}
