import { heldMiB } from '../support/held-memory/held-memory.ts'
import { Network } from '../support/network.ts'
import { agentProcesses, allProcesses, isAlive, signal, type Process } from '../support/processes.ts'
import { layOut, startServer, type TestServer } from '../support/server.ts'
import { pause, until } from '../support/until.ts'
import type { Disk } from './disk.ts'
import type { Journal } from './journal.ts'

/** What the death of the server's agents may take after its own. */
const CLEAR_MS = 10_000

export interface ServerHostParts {
  folder: string
  upstream: string
  journal: Journal
  disk: Disk | undefined
  maxProcesses: number
  /** Milliseconds after which an idle agent is ended. */
  idleMs: number
}

/** The server of a run, which is killed and started anew in the same folder, and the networks that lead to it. */
export class ServerHost {
  readonly #parts: ServerHostParts
  readonly #networks: Network[] = []
  #server: TestServer | undefined
  #port = 1
  /** What all servers have printed. */
  logs = ''

  constructor(parts: ServerHostParts) {
    this.#parts = parts
  }

  get port(): number {
    return this.#port
  }

  get pid(): number | undefined {
    return this.#server?.pid
  }

  /** What it holds, in MiB. */
  async heldMiB(): Promise<number> {
    return await heldMiB(this.#server!)
  }

  get dataDir(): string {
    return layOut(this.#parts.folder).dataDir
  }

  async network(): Promise<Network> {
    const network = await Network.before(this.#port)
    this.#networks.push(network)
    return network
  }

  async start(): Promise<void> {
    const { folder, upstream, maxProcesses, idleMs, disk, journal } = this.#parts
    for (let attempt = 1; this.#server === undefined; attempt += 1) {
      try {
        this.#server = await startServer({
          folder,
          upstream,
          isMeasured: true,
          env: {
            CLAUDE_AGENT_MAX_PROCESSES: String(maxProcesses),
            CLAUDE_AGENT_IDLE_TIMEOUT_MS: String(idleMs),
            CLAUDE_AGENT_SPARES: '1',
          },
        })
      } catch (error) {
        if (disk?.isFull) await disk.free()
        else if (attempt >= 3) throw error
        else journal.violate('the server did not start', (error as Error).message)
      }
    }
    this.#port = this.#server.port
    for (const network of this.#networks) network.leadTo(this.#port)
    journal.note('server started', { pid: this.#server.pid, port: this.#port })
  }

  /** The agents that it runs, spares too. */
  async agents(): Promise<Process[]> {
    const pid = this.#server?.pid
    return (await agentProcesses(this.dataDir)).filter(({ parent }) => parent === pid)
  }

  /** Everything that lives in its folder, by its environment. */
  async processes(): Promise<Process[]> {
    return (await allProcesses()).filter(({ environment }) => environment.includes(this.#parts.folder))
  }

  /** Ends it and resolves when it is gone. What its agents were must be gone soon after, whoever sees to that. */
  async end(name: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    const before = await agentProcesses(this.dataDir)
    server.kill(name)
    const timer = setTimeout(() => {
      this.#parts.journal.violate('the server did not end after SIGTERM', { pid: server.pid })
      server.kill('SIGKILL')
    }, 30_000)
    const { code } = await server.program.ended
    clearTimeout(timer)
    this.#server = undefined
    this.logs += server.logs()
    if (name === 'SIGTERM' && code !== 0)
      this.#parts.journal.violate('SIGTERM did not end in order', { code })
    void this.#watch(before)
  }

  /** Ends it for good: nothing that it started may be left. */
  async close(): Promise<void> {
    await this.end('SIGTERM')
    const clear = async (): Promise<boolean> => (await this.processes()).length === 0
    await until('no process is left', clear, CLEAR_MS).catch(async () => {
      const left = await this.processes()
      this.#parts.journal.violate('processes are left after the end of the server', left.map(describe))
      for (const { id } of left) signal(id, 'SIGKILL')
    })
    for (const network of this.#networks) await network.close()
  }

  async #watch(processes: readonly Process[]): Promise<void> {
    for (const end = Date.now() + CLEAR_MS; Date.now() < end; await pause(200)) {
      const alive = await Promise.all(processes.map(({ id }) => isAlive(id)))
      if (!alive.includes(true)) return
    }
    const left = await agentProcesses(this.dataDir)
    const old = left.filter(({ id }) => processes.some((process) => process.id === id))
    if (old.length > 0) this.#parts.journal.violate('agents outlived their server', old.map(describe))
  }
}

function describe({ id, parent, command }: Process): string {
  return `${id} (of ${parent}) ${command.slice(0, 200)}`
}
