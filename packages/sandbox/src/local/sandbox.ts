import { SandboxError } from '../errors.ts'
import { extendLease } from '../lease.ts'
import { readTimeout } from '../options.ts'
import type { Sandbox, SandboxEndpoint } from '../provider.ts'
import { endServer } from './ending.ts'
import { isOver } from './expiry.ts'
import { exclusively } from './lock.ts'
import type { Layout, SandboxState, StateFolder } from './state.ts'

/** How often it is looked whether a sandbox is still there, while somebody wants to know. */
const WATCH_MS = 1_000
const SERVER_PORT = 3000

/** A sandbox of this machine. What it is stands in its folder; this object keeps nothing that could be out of date. */
export class LocalSandbox implements Sandbox {
  readonly id: string
  readonly token: string
  readonly metadata: Readonly<Record<string, string>>
  readonly #states: StateFolder
  readonly #key: string
  readonly #listeners = new Set<(error: Error) => void>()
  #watch: NodeJS.Timeout | undefined
  #isOver = false

  constructor(states: StateFolder, state: SandboxState) {
    this.id = `local:${state.id}`
    this.token = state.token
    this.metadata = state.metadata
    this.#states = states
    this.#key = state.id
  }

  /** The network is the machine's: another port of the sandbox is that port of the machine. */
  async endpoint(port: number = SERVER_PORT): Promise<SandboxEndpoint> {
    const state = await this.#read()
    const actual = port === SERVER_PORT ? state.port : port
    return { url: `http://127.0.0.1:${actual}`, headers: {} }
  }

  async extend(given: number): Promise<void> {
    const timeoutMs = readTimeout(given)
    const endpoint = await this.endpoint()
    await exclusively(this.#layout.lock, async () => {
      const state = await this.#read()
      if (state.isPaused) throw isPaused(this.id)
      const expiresAt = Date.now() + timeoutMs
      await extendLease({ endpoint, token: this.token, timeoutMs })
      await this.#states.write({ ...state, expiresAt })
    })
  }

  /** Ends the server in order and keeps its files. A turn that runs is interrupted. */
  async pause(): Promise<void> {
    await exclusively(this.#layout.lock, async () => {
      const state = { ...(await this.#read()), isPaused: true }
      // Told first, so that whoever sees it dead knows why.
      await this.#states.write(state)
      await endServer(state, this.#layout)
      const { process: _process, port: _port, ...rest } = state
      await this.#states.write(rest)
    })
  }

  async kill(): Promise<void> {
    this.#end()
    await exclusively(this.#layout.lock, async () => {
      const state = await this.#states.read(this.#key)
      if (state === undefined) return
      await endServer(state, this.#layout)
      await this.#states.remove(this.#key)
    })
  }

  onLost(listener: (error: Error) => void): () => void {
    if (this.#isOver) return () => {}
    this.#listeners.add(listener)
    this.#watch ??= setInterval(() => void this.#look(), WATCH_MS).unref()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stopWatching()
    }
  }

  get #layout(): Layout {
    return this.#states.layout(this.#key)
  }

  async #look(): Promise<void> {
    const state = await this.#states.read(this.#key)
    if (this.#isOver || (state !== undefined && !(await isOver(state)))) return
    const listeners = [...this.#listeners]
    this.#end()
    for (const listener of listeners) listener(notFound(this.id))
  }

  #end(): void {
    this.#isOver = true
    this.#listeners.clear()
    this.#stopWatching()
  }

  #stopWatching(): void {
    clearInterval(this.#watch)
    this.#watch = undefined
  }

  async #read(): Promise<SandboxState> {
    const state = await this.#states.read(this.#key)
    if (state === undefined || (await isOver(state))) throw notFound(this.id)
    return state
  }
}

export function notFound(id: string): SandboxError {
  return new SandboxError({
    code: 'sandbox_not_found',
    message: `There is no sandbox ${id} on this machine, or not any more.`,
    hint: 'It may have ended by its timeout. list() gives those that are there; create() makes another one.',
  })
}

function isPaused(id: string): SandboxError {
  return new SandboxError({
    code: 'not_supported',
    message: `The sandbox ${id} is paused: its time does not pass.`,
    hint: 'connect() goes on with it, and takes a new `timeoutMs`.',
  })
}
