import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import type { SpawnedProcess, SpawnOptions } from '@anthropic-ai/claude-agent-sdk'
import { sendSignal } from './supervision/marks.ts'
import type { ProcessEntry } from './supervision/process-table.ts'
import type { Scope } from './supervision/scope.ts'

/** Bytes of stderr that are kept to explain an exit. */
const STDERR_TAIL = 8 * 1024
/** What a process that was asked to end is given before it is killed. */
const GRACE_MS = 2000

/** How a process of an agent ended. */
export interface AgentExit {
  code: number | null
  signal: NodeJS.Signals | null
  /** In words, with the last of its stderr. */
  cause: string
}

/** The CLI as a child of ours: in a scope, so that nothing that it starts is left behind, and explained when it dies. */
export class AgentProcess {
  /** Resolves once the process and everything that it started are gone. */
  readonly exited: Promise<AgentExit>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #scope: Scope
  #stderr = ''

  constructor(options: SpawnOptions, scope: Scope, onStderr: (text: string) => void) {
    this.#scope = scope
    this.#child = this.#scope.spawn(options, { cwd: options.cwd, env: options.env, givesWay: true })
    options.signal.addEventListener('abort', () => this.#child.kill('SIGTERM'), { once: true })
    // The SDK writes to a process that may have died; the exit tells, not the broken pipe.
    this.#child.stdin.on('error', () => {})
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL)
      onStderr(text)
    })
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve({ code: null, signal: null, cause: error.message }))
      this.#child.once('close', (code, signal) => resolve(this.#describe(code, signal)))
      // Children of the CLI may hold its pipes open: 'close' then waits for them, so they are ended at 'exit'.
      this.#child.once('exit', () => void this.#sweep())
    })
  }

  /** What the SDK wants of a spawned process. */
  get spawned(): SpawnedProcess {
    return this.#child
  }

  get id(): number | undefined {
    return this.#child.pid
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Asks the process to end, kills it when it does not, and resolves when nothing of it is left. */
  async stop(): Promise<AgentExit> {
    // Who cleared his environment is known by his parents only as long as they live.
    const known = await this.#scope.find()
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS)
    const exit = await this.exited
    clearTimeout(timer)
    await this.#sweep(known)
    return exit
  }

  async #sweep(known: readonly ProcessEntry[] = []): Promise<void> {
    if (this.#child.pid !== undefined) sendSignal(-this.#child.pid, 'SIGKILL')
    await this.#scope.kill(known)
  }

  #describe(code: number | null, signal: NodeJS.Signals | null): AgentExit {
    const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`
    const last = this.#stderr.trim()
    return {
      code,
      signal,
      cause: last === '' ? `the agent's process ${how}` : `the agent's process ${how}: ${last}`,
    }
  }
}
