import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { prepareCommand, type CommandWish } from './sandbox-command.ts'
import { processesOf, signalAll } from './sandbox-processes.ts'
import { copyRoot } from './sandbox-root.ts'
import type { SandboxTemplate } from './template-store.ts'

/** What was asked for at its creation. */
export interface SandboxWish {
  template: SandboxTemplate
  /** The name that it was asked for by. */
  alias: string
  metadata: Record<string, string>
  envs: Record<string, string>
  timeoutMs: number
  onTimeout: 'kill' | 'pause'
  autoResume: boolean
  network: Record<string, unknown> | undefined
  allowInternetAccess: boolean | undefined
}

/** A 'sandbox': a folder, an address of loopback, and the processes that were started for it. */
export class DoubleSandbox {
  readonly id: string
  readonly root: string
  readonly address: string
  readonly wish: SandboxWish
  /** What envd asks for. */
  readonly accessToken: string = randomBytes(16).toString('hex')
  readonly trafficToken: string = randomBytes(16).toString('hex')
  readonly startedAt: Date = new Date()
  /** Processes that `commands.run` started, by their id. */
  readonly commands: Map<number, ChildProcess> = new Map<number, ChildProcess>()
  state: 'running' | 'paused' | 'gone' = 'running'
  endAt: Date = new Date()
  /** What the start command has printed. */
  output = ''
  readonly #folder: string
  readonly #connections = new Set<Duplex>()
  readonly #started = new Set<number>()
  readonly #onGone: () => void
  #timer: NodeJS.Timeout | undefined
  #hasStarted = false
  #busy: Promise<unknown> = Promise.resolve()

  constructor(folder: string, wish: SandboxWish, onGone: () => void) {
    this.id = `i${randomBytes(10).toString('hex')}`
    this.wish = wish
    this.#folder = join(folder, this.id)
    this.root = join(this.#folder, 'root')
    const [a, b, c] = randomBytes(3) as unknown as [number, number, number]
    this.address = `127.${64 + (a % 64)}.${b}.${1 + (c % 254)}`
    this.#onGone = onGone
  }

  get isPublic(): boolean {
    return this.wish.network?.['allowPublicTraffic'] !== false
  }

  /** Lays out its folder, runs the start command, and waits until it is ready. */
  async start(): Promise<void> {
    this.#hasStarted = true
    const { template, timeoutMs } = this.wish
    await mkdir(this.#folder, { recursive: true })
    await copyRoot(template.rootfs, this.root)
    if (template.startCmd !== undefined) {
      const child = this.launch({ cmd: '/bin/bash', args: ['-l', '-c', template.startCmd], user: 'root' })
      const note = (chunk: Buffer): unknown =>
        (this.output = (this.output + chunk.toString()).slice(-100_000))
      child.stdout?.on('data', note)
      child.stderr?.on('data', note)
      child.stdin?.end()
    }
    this.setTimeout(timeoutMs)
    await this.#waitUntilReady()
  }

  /** Starts a process of it. */
  launch(wish: CommandWish): ChildProcess {
    const { command, args, cwd, env } = prepareCommand(this, wish)
    const child = spawn(command, args, { cwd, env, detached: true })
    child.once('error', () => {})
    child.stdin?.on('error', () => {})
    const { pid } = child
    if (pid !== undefined) {
      this.#started.add(pid)
      child.once('exit', () => this.#started.delete(pid))
    }
    return child
  }

  async processes(): Promise<number[]> {
    return await processesOf(this.id, this.root, [...this.#started])
  }

  /** A live connection, which a pause and the end of it cut; until it is let go, as one may serve others afterwards. */
  hold(connection: Duplex): () => void {
    const letGo = (): void => void this.#connections.delete(connection)
    this.#connections.add(connection)
    connection.once('close', letGo)
    return letGo
  }

  /** Absolute, as E2B's: nothing but this extends it. */
  setTimeout(timeoutMs: number): void {
    clearTimeout(this.#timer)
    this.endAt = new Date(Date.now() + timeoutMs)
    this.#timer = setTimeout(() => {
      void (this.wish.onTimeout === 'pause' ? this.pause() : this.kill())
    }, timeoutMs)
    this.#timer.unref()
  }

  /** Freezes every process and cuts every connection; false when it is paused already. */
  async pause(): Promise<boolean> {
    return await this.#inTurn(async () => {
      if (this.state !== 'running') return false
      this.state = 'paused'
      clearTimeout(this.#timer)
      await this.#freeze()
      this.#cut()
      return true
    })
  }

  async resume(timeoutMs: number): Promise<void> {
    await this.#inTurn(async () => {
      if (this.state !== 'paused') return
      signalAll(await this.processes(), 'SIGCONT')
      this.state = 'running'
      this.setTimeout(timeoutMs)
    })
  }

  /** Ends every process and removes its folder. */
  async kill(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.state === 'gone') return
      this.state = 'gone'
      clearTimeout(this.#timer)
      this.#cut()
      this.#onGone()
      if (!this.#hasStarted) return
      // Frozen first, so that nothing starts anything while it is being looked for.
      await this.#freeze()
      for (let left = await this.processes(); left.length > 0; left = await this.processes()) {
        signalAll(left, 'SIGKILL')
        await new Promise((go) => setTimeout(go, 5))
      }
      await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    })
  }

  async #freeze(): Promise<void> {
    let known = -1
    for (let all = await this.processes(); all.length > known; all = await this.processes()) {
      known = all.length
      signalAll(all, 'SIGSTOP')
    }
  }

  #cut(): void {
    for (const connection of this.#connections) connection.destroy()
  }

  async #waitUntilReady(): Promise<void> {
    const { readyCmd } = this.wish.template
    if (readyCmd === undefined) return
    while (this.state === 'running') {
      const child = this.launch({ cmd: '/bin/bash', args: ['-l', '-c', readyCmd], user: 'root' })
      const code = await new Promise<number | null>((resolve) => {
        child.once('error', () => resolve(1))
        child.once('exit', resolve)
      })
      if (code === 0) return
      await new Promise((go) => setTimeout(go, 20))
    }
  }

  /** One change of its state at a time. */
  async #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#busy.then(change, change)
    this.#busy = turn.catch(() => {})
    return await turn
  }
}
