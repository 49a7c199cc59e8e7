import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { AgentServerError } from '@claude-agent/protocol'
import type { Scope } from '../agent/supervision/scope.ts'
import { programFile } from '../places.ts'
import { SETTLE_MS } from './file-door.ts'

const SOCKET = 'files.sock'
/** One that lived for less died of something that the next will die of as well. */
const STEADY_MS = 10_000
const MAX_PAUSE_MS = 5_000
/** What a start may take on a busy machine. */
const START_MS = 20_000

export const FILE_PROGRAM: string = programFile('file-server/serve-files')

export interface FileProcessOptions {
  /** Each start gets a scope of its own, so that nothing of the one before is left. */
  scope: () => Scope
  /** The server's own folder, which nobody else can enter: the socket is in it. */
  dataDir: string
  workspace: string
  maxFileBytes: number
  /** All that it is told of the world. */
  environment: Record<string, string>
  /** @default the program of this package */
  program?: string
}

/**
 * The process of the agents' user that serves the workspace. It is started anew whenever it dies. Its socket lies where
 * the agent cannot come and was made by the server, so that no program of the agent can stand in its place.
 */
export class FileProcess {
  /** Resolves once it serves. Rejects with `invalid_setting` when it does not start. */
  readonly opened: Promise<void>
  readonly #options: FileProcessOptions
  readonly #folder: FileHandle
  #stop: (() => Promise<void>) | undefined
  #starting: Promise<void> | undefined
  #pauseMs = 0
  #isClosed = false

  private constructor(options: FileProcessOptions, folder: FileHandle) {
    this.#options = options
    this.#folder = folder
    this.opened = this.#starting = this.#open()
    // Nobody may be there to hear of it yet.
    this.opened.catch(() => {})
  }

  /** Begins to start it. */
  static async start(options: FileProcessOptions): Promise<FileProcess> {
    return new FileProcess(options, await open(options.dataDir, 'r'))
  }

  /** Where it listens; while it is being started, once it does. */
  async address(): Promise<string> {
    await this.#starting
    return this.#path(SOCKET)
  }

  /** Lets it end what it does, and ends it. Safe to call again. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#starting?.catch(() => {})
    await this.#stop?.()
    await rm(this.#path(SOCKET), { force: true })
    await this.#folder.close()
  }

  /** The path of a socket is limited to about 100 bytes; by way of the descriptor it is always short. */
  #path(name: string): string {
    return `/proc/self/fd/${this.#folder.fd}/${name}`
  }

  async #open(): Promise<void> {
    try {
      await this.#launch()
    } catch (cause) {
      throw new AgentServerError({
        code: 'invalid_setting',
        message: `The process that serves files as the agents' user did not start: ${(cause as Error).message}`,
        hint: 'Look at CLAUDE_AGENT_USER, and whether that user can run what this server runs on.',
        cause,
      })
    }
  }

  async #launch(): Promise<void> {
    const scope = this.#options.scope()
    const next = this.#path(`files-${randomUUID().slice(0, 8)}`)
    const listener = await listen(`${next}.new`)
    // Closing the listener here takes its name away, so it gets another one before.
    await rename(`${next}.new`, next)
    const child = this.#spawn(scope, listener)
    const startedAt = performance.now()
    let said = ''
    child.stdin.on('error', () => {})
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000)
      // The agent may write there what it likes; it is not to drive the operator's terminal.
      process.stderr.write(text.replaceAll(/[^\P{Cc}\n\t]/gu, '?'))
    })
    const ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve())
      child.once('close', () => resolve())
      // What it left may hold its pipes.
      child.once('exit', () => void scope.kill())
    })
    const ready = new Promise<void>((resolve) => void child.stdout.once('data', () => resolve()))
    const late = delay(START_MS, false, { ref: false })
    const isReady = await Promise.race([ready.then(() => true), ended.then(() => false), late])
    if (!isReady) {
      const why =
        said.trim() || (child.exitCode === null ? 'it took too long' : `it exited with ${child.exitCode}`)
      await rm(next, { force: true })
      await scope.kill()
      throw new Error(why)
    }
    // It has the name that is asked for only now: who connects gets one that serves.
    await rename(next, this.#path(SOCKET))
    child.stdout.resume()
    this.#stop = async () => {
      child.stdin.end()
      await Promise.race([ended, delay(SETTLE_MS, undefined, { ref: false })])
      await scope.kill()
      await ended
    }
    void ended.then(() => this.#relaunch(performance.now() - startedAt))
  }

  #spawn(scope: Scope, listener: Server): ChildProcessWithoutNullStreams {
    const { workspace, maxFileBytes, environment, program = FILE_PROGRAM } = this.#options
    try {
      return scope.spawn(
        { command: process.execPath, args: [program, workspace, String(maxFileBytes)] },
        { cwd: '/', env: environment, descriptor: descriptorOf(listener) },
      )
    } finally {
      // The program has it now; nobody knows its name yet, so nobody came here.
      listener.close()
    }
  }

  #relaunch(livedMs: number): void {
    if (this.#isClosed) return
    this.#pauseMs = livedMs > STEADY_MS ? 0 : longer(this.#pauseMs)
    console.error("The process that serves files as the agents' user ended; it is started anew.")
    this.#starting = this.#tryAgain().finally(() => (this.#starting = undefined))
  }

  async #tryAgain(): Promise<void> {
    while (!this.#isClosed) {
      await delay(this.#pauseMs, undefined, { ref: false })
      const error = await this.#launch().catch((error: unknown) => error as Error)
      if (error === undefined) return
      this.#pauseMs = longer(this.#pauseMs)
    }
  }
}

function longer(pauseMs: number): number {
  return Math.min(MAX_PAUSE_MS, pauseMs * 2 + 50)
}

/** Node hands listening sockets on to programs of its own kind only, by `fork`, and by descriptor to any. */
function descriptorOf(listener: Server): number {
  return (listener as Server & { _handle: { fd: number } })._handle.fd
}

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return server
}
