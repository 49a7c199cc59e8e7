import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { SandboxError } from '../errors.ts'
import { extendLease } from '../lease.ts'
import { checkConnectOptions, checkCreateOptions, readTimeout } from '../options.ts'
import type {
  Capabilities,
  ConnectOptions,
  CreateOptions,
  Sandbox,
  SandboxInfo,
  SandboxProvider,
} from '../provider.ts'
import { aborted, waitUntilReady } from '../ready.ts'
import { hasBubblewrap } from './bubblewrap.ts'
import { endServer, killRest } from './ending.ts'
import { isOver, isRunning } from './expiry.ts'
import { exclusively } from './lock.ts'
import { launch, waitForPort, type Launch } from './launch.ts'
import { findServer } from './program.ts'
import { describeIsolation, refuseUnsupported, requireVariables, Steps } from './request.ts'
import { LocalSandbox, notFound } from './sandbox.ts'
import { StateFolder, type SandboxState } from './state.ts'

export interface LocalSetup {
  root: string
  command: readonly string[] | undefined
  bubblewrap: 'auto' | boolean
  readable: readonly string[]
  startTimeoutMs: number
}

/** Runs servers as processes of this machine. All that it knows of them is in their folders. */
export class LocalProvider implements SandboxProvider {
  readonly engine = 'local'
  readonly #setup: LocalSetup
  readonly #states: StateFolder
  #hasBubblewrap: boolean | undefined

  constructor(setup: LocalSetup) {
    this.#setup = setup
    this.#states = new StateFolder(setup.root)
  }

  get capabilities(): Capabilities {
    return {
      pause: 'disk',
      pauseOnTimeout: 'disk',
      autoResume: false,
      resources: false,
      network: false,
      isolation: this.#isolation(),
      separateUser: false,
    }
  }

  async create(options: CreateOptions = {}): Promise<Sandbox> {
    checkCreateOptions(options)
    refuseUnsupported(options)
    if (options.signal?.aborted) throw aborted(options.signal)
    const timeoutMs = readTimeout(options.timeoutMs)
    const isolation = this.#isolation()
    this.#requireMeans(isolation)
    const steps = new Steps(options.onProgress)
    steps.tell('create', describeIsolation(isolation))
    await mkdir(this.#setup.root, { recursive: true, mode: 0o700 })
    await this.#sweep()
    const state = await this.#states.create({
      token: randomBytes(32).toString('base64url'),
      metadata: { ...options.metadata },
      createdAt: Date.now(),
      expiresAt: Date.now() + timeoutMs,
      onTimeout: options.onTimeout ?? 'kill',
      isPaused: false,
      isolation,
      variables: Object.keys(options.envs ?? {}),
    })
    const layout = this.#states.layout(state.id)
    const start = async (): Promise<SandboxState> => {
      try {
        return await this.#start(state, timeoutMs, options, steps)
      } catch (error) {
        await endServer((await this.#states.read(state.id)) ?? state, layout)
        await this.#states.remove(state.id)
        throw error
      }
    }
    return new LocalSandbox(this.#states, await exclusively(layout.lock, start))
  }

  async connect(id: string, options: ConnectOptions = {}): Promise<Sandbox> {
    checkConnectOptions(options)
    const timeoutMs = readTimeout(options.timeoutMs)
    if (options.signal?.aborted) throw aborted(options.signal)
    const key = id.startsWith('local:') ? id.slice('local:'.length) : ''
    if ((await this.#states.read(key)) === undefined) throw notFound(id)
    const steps = new Steps(options.onProgress)
    const goOn = async (): Promise<SandboxState> => {
      const state = await this.#states.read(key)
      if (state === undefined) throw notFound(id)
      if (!(await isOver(state))) return await this.#goOn(state, timeoutMs, options, steps)
      await this.#remove(state)
      throw notFound(id)
    }
    const state = await exclusively(this.#states.layout(key).lock, goOn, options.signal)
    return new LocalSandbox(this.#states, state)
  }

  async list(filter: Parameters<SandboxProvider['list']>[0] = {}): Promise<SandboxInfo[]> {
    if (filter.signal?.aborted) throw aborted(filter.signal)
    await this.#sweep()
    const wanted = Object.entries(filter.metadata ?? {})
    const found: SandboxInfo[] = []
    for (const state of await this.#states.readAll()) {
      const { id, metadata, createdAt } = state
      // One that never listened and was never paused is being made this moment.
      if (state.port === undefined && !state.isPaused) continue
      if (!wanted.every(([name, value]) => metadata[name] === value)) continue
      const isUp = await isRunning(state)
      found.push({ id: `local:${id}`, state: isUp ? 'running' : 'paused', metadata, createdAt })
    }
    return found
  }

  /** A sandbox whose server runs is asked for more time, any other one gets a server. */
  async #goOn(
    state: SandboxState,
    timeoutMs: number,
    options: ConnectOptions,
    steps: Steps,
  ): Promise<SandboxState> {
    const { port } = state
    // Whoever started one without a port died over it.
    if (port === undefined || !(await isRunning(state)))
      return await this.#startAgain(state, timeoutMs, options, steps)
    steps.tell('ready', 'Waiting for the server.')
    const endpoint = { url: `http://127.0.0.1:${port}`, headers: {} }
    const { signal } = options
    await waitUntilReady(endpoint, { timeoutMs: this.#setup.startTimeoutMs, signal })
    const next = { ...state, isPaused: false, expiresAt: Date.now() + timeoutMs }
    await extendLease({ endpoint, token: state.token, timeoutMs, signal })
    await this.#states.write(next)
    return next
  }

  async #startAgain(
    state: SandboxState,
    timeoutMs: number,
    options: ConnectOptions,
    steps: Steps,
  ): Promise<SandboxState> {
    requireVariables(state, options.envs)
    this.#requireMeans(state.isolation)
    steps.tell('start', describeIsolation(state.isolation))
    const layout = this.#states.layout(state.id)
    // Also what a server that was killed left behind, and is not gone yet.
    await endServer(state, layout)
    const { process: _process, port: _port, ...rest } = state
    try {
      return await this.#start({ ...rest, expiresAt: Date.now() + timeoutMs }, timeoutMs, options, steps)
    } catch (error) {
      // What was started halfway is ended; the files stay, and it can be come back to as before.
      await endServer((await this.#states.read(state.id)) ?? state, layout)
      await this.#states.write(state)
      throw error
    }
  }

  /** Starts a server in the folder of a sandbox. */
  async #start(
    state: SandboxState,
    timeoutMs: number,
    { envs, signal }: ConnectOptions,
    steps: Steps,
  ): Promise<SandboxState> {
    const { command, readable, startTimeoutMs } = this.#setup
    const layout = this.#states.layout(state.id)
    const start: Launch = {
      program: command === undefined ? await findServer() : { command: [...command], needs: [] },
      layout,
      environment: {
        PATH: process.env['PATH'] ?? '/usr/bin:/bin',
        ...envs,
        HOME: layout.home,
        HOST: '127.0.0.1',
        PORT: '0',
        CLAUDE_AGENT_TOKEN: state.token,
        CLAUDE_AGENT_WORKSPACE: layout.workspace,
        CLAUDE_AGENT_DATA_DIR: layout.data,
        CLAUDE_AGENT_LEASE_MS: `${timeoutMs}`,
      },
      secrets: [state.token, ...Object.values(envs ?? {})],
      isolation: state.isolation,
      readable,
      timeoutMs: startTimeoutMs,
      signal,
    }
    steps.tell('start', 'Starting the server.')
    const server = await launch(start)
    const started = { ...state, isPaused: false, process: server }
    await this.#states.write(started)
    const port = await waitForPort(server, start)
    steps.tell('ready', 'Waiting for the server.')
    const endpoint = { url: `http://127.0.0.1:${port}`, headers: {} }
    await waitUntilReady(endpoint, { timeoutMs: startTimeoutMs, signal })
    const running = { ...started, port }
    await this.#states.write(running)
    return running
  }

  /** Removes what came to its end while nobody looked. */
  async #sweep(): Promise<void> {
    for (const state of await this.#states.readAll()) {
      // One that cannot be removed is no reason to see none of the others; whoever looks next tries again.
      if (await isOver(state)) await this.#remove(state).catch(() => {})
    }
    await this.#states.removeForgotten()
  }

  async #remove(state: SandboxState): Promise<void> {
    // Somebody may have come back to it meanwhile.
    const latest = await this.#states.read(state.id)
    if (latest === undefined || !(await isOver(latest))) return
    await killRest(this.#states.layout(state.id))
    await this.#states.remove(state.id)
  }

  #isolation(): 'none' | 'namespaces' {
    const { bubblewrap } = this.#setup
    if (bubblewrap !== 'auto') return bubblewrap ? 'namespaces' : 'none'
    return this.#canConfine() ? 'namespaces' : 'none'
  }

  #canConfine(): boolean {
    return (this.#hasBubblewrap ??= hasBubblewrap())
  }

  /** What was asked for, or was there when the sandbox was made, is never given up quietly. */
  #requireMeans(isolation: 'none' | 'namespaces'): void {
    if (isolation === 'none' || this.#canConfine()) return
    throw new SandboxError({
      code: 'engine_unreachable',
      message: 'bubblewrap is not installed, or may not make namespaces here.',
      hint: 'apt-get install bubblewrap, or the like; or local({ bubblewrap: false }), which shuts nothing in.',
    })
  }
}
