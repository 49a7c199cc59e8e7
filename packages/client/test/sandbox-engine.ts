import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Capabilities,
  type ConnectOptions,
  type CreateOptions,
  type Sandbox,
  SandboxError,
  type SandboxErrorCode,
  type SandboxInfo,
  type SandboxProvider,
} from '@claude-agent/sandbox'
import { readConfig, type RunningServer, startServer } from '@claude-agent/server'
import { demoScript, type Script, type ScriptedClaude, startScriptedClaude } from 'scripted-claude'
import { onTestFinished } from 'vitest'
import { type Gate, type GatePass, startGate } from './sandbox-gate.ts'

/** A sandbox of the engine: a folder, and the real server in it with the real SDK while it runs. */
interface Cell {
  id: string
  token: string
  folder: string
  env: Record<string, string>
  metadata: Record<string, string>
  server: RunningServer | undefined
  gate: Gate | undefined
  /** Resolves when the server that was there last is gone. */
  halted: Promise<void>
  lost: Set<(error: Error) => void>
}

/**
 * An engine within the test: what stands behind the port is the product, and behind a gate with a header. A sandbox
 * that is paused is stopped, and its port is another one when it goes on.
 */
export class TestEngine implements SandboxProvider {
  readonly engine = 'test'
  capabilities: Capabilities = {
    pause: 'disk',
    pauseOnTimeout: 'disk',
    autoResume: false,
    resources: false,
    network: false,
    isolation: 'none',
    separateUser: false,
  }
  /** What was asked of the engine, e.g. `extend 9000`. */
  readonly calls: string[] = []
  readonly created: CreateOptions[] = []
  /** What went through the gates. */
  readonly passes: GatePass[] = []
  readonly model: ScriptedClaude
  /** Runs before anything is made, or come back to. */
  before: (options: ConnectOptions) => Promise<void> = () => Promise.resolve()
  /** What `kill`, `extend` and `pause` fail with. */
  fault: SandboxErrorCode | undefined
  readonly #cells = new Map<string, Cell>()

  constructor(model: ScriptedClaude) {
    this.model = model
  }

  /** The sandboxes that are there. */
  get count(): number {
    return this.#cells.size
  }

  async create(options: CreateOptions = {}): Promise<Sandbox> {
    this.calls.push('create')
    this.created.push(options)
    options.onProgress?.({ step: 'create', message: 'Makes a folder.', elapsedMs: 0 })
    await this.before(options)
    const cell: Cell = {
      id: `test:${randomBytes(4).toString('hex')}`,
      token: randomBytes(16).toString('base64url'),
      folder: await mkdtemp(join(tmpdir(), 'client-sandbox-')),
      env: options.envs ?? {},
      metadata: options.metadata ?? {},
      server: undefined,
      gate: undefined,
      halted: Promise.resolve(),
      lost: new Set(),
    }
    this.#cells.set(cell.id, cell)
    await this.#run(cell)
    return this.#open(cell)
  }

  async connect(id: string, options: ConnectOptions = {}): Promise<Sandbox> {
    this.calls.push('connect')
    await this.before(options)
    const cell = this.#find(id)
    if (cell.server === undefined) await this.#run(cell)
    return this.#open(cell)
  }

  list(): Promise<SandboxInfo[]> {
    return Promise.resolve([])
  }

  /** The sandbox stops, as at the end of its time or when its server dies. */
  async halt(id: string | undefined): Promise<void> {
    await this.#halt(this.#find(id))
  }

  /** The server is at another port from now on; lines are cut. */
  async move(id: string | undefined): Promise<void> {
    const cell = this.#find(id)
    await cell.gate?.close()
    cell.gate = await startGate(cell.server?.url ?? '', cell.id, this.passes)
  }

  /** Somebody else deletes the sandbox. */
  async remove(id: string | undefined): Promise<void> {
    const cell = this.#find(id)
    this.#cells.delete(cell.id)
    await this.#halt(cell)
    await rm(cell.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Whoever has the sandbox hears that it is gone. */
  tell(id: string | undefined, code: SandboxErrorCode): void {
    for (const listener of this.#find(id).lost) listener(new SandboxError({ code, message: 'It is gone.' }))
  }

  async close(): Promise<void> {
    for (const id of this.#cells.keys()) await this.remove(id)
    await this.model.close()
  }

  #find(id: string | undefined): Cell {
    const cell = this.#cells.get(id ?? '')
    if (cell !== undefined) return cell
    throw new SandboxError({ code: 'sandbox_not_found', message: `No sandbox '${id}'.`, hint: 'Make one.' })
  }

  async #run(cell: Cell): Promise<void> {
    await cell.halted
    const env = {
      PATH: process.env['PATH'],
      HOME: cell.folder,
      ANTHROPIC_BASE_URL: this.model.url,
      ...cell.env,
      CLAUDE_AGENT_TOKEN: cell.token,
    }
    const [data, workspace] = [join(cell.folder, 'data'), join(cell.folder, 'workspace')]
    const args = ['--port', '0', '--data-dir', data, '--workspace', workspace]
    cell.server = await startServer(readConfig(args, env))
    cell.gate = await startGate(cell.server.url, cell.id, this.passes)
  }

  async #halt(cell: Cell): Promise<void> {
    const { gate, server } = cell
    cell.gate = cell.server = undefined
    cell.halted = Promise.all([gate?.close(), server?.close()]).then(() => {})
    await cell.halted
  }

  #fail(): void {
    if (this.fault !== undefined) throw new SandboxError({ code: this.fault, message: 'The engine is away.' })
  }

  #open({ id, token, metadata, lost }: Cell): Sandbox {
    const note = (call: string): void => void this.calls.push(call)
    let last = 'http://127.0.0.1:1'
    return {
      id,
      token,
      metadata,
      endpoint: () => {
        last = this.#cells.get(id)?.gate?.url ?? last
        return Promise.resolve({ url: last, headers: { 'X-Gate': id } })
      },
      extend: async (timeoutMs) => {
        note(`extend ${timeoutMs}`)
        this.#fail()
        await Promise.resolve(this.#find(id))
      },
      pause: async () => {
        note('pause')
        this.#fail()
        await this.halt(id)
      },
      kill: async () => {
        note('kill')
        this.#fail()
        if (this.#cells.has(id)) await this.remove(id)
      },
      onLost(listener) {
        lost.add(listener)
        return () => lost.delete(listener)
      },
    }
  }
}

/** An engine whose sandboxes are gone when the test ends. */
export async function startEngine(script: Script = demoScript()): Promise<TestEngine> {
  const engine = new TestEngine(await startScriptedClaude({ script }))
  onTestFinished(() => engine.close())
  return engine
}
