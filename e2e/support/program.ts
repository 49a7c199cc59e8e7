import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../packages/server/dist/program/bin.js', import.meta.url))

export interface ProgramStart {
  args: string[]
  env: Record<string, string>
  cwd: string
  /** @default this Node */
  runtime?: string
}

/** How a program ended, and all that it wrote. */
export interface ProgramEnd {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** The program of the server as a child, with its output. It leads a process group, as one started in a terminal. */
export class Program {
  readonly child: ChildProcess
  readonly ended: Promise<ProgramEnd>
  #stdout = ''
  #stderr = ''
  #heard: () => void = () => {}

  constructor({ args, env, cwd, runtime }: ProgramStart) {
    this.child = spawn(runtime ?? process.execPath, [BIN, ...args], {
      env,
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#heard()
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('exit', (code, signal) =>
        setImmediate(() => resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr })),
      )
    })
  }

  get id(): number {
    return this.child.pid!
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Resolves with the match once stdout has the pattern; fails when the program ends before. */
  async print(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      this.#heard = () => {
        const match = pattern.exec(this.#stdout)
        if (match !== null) resolve(match)
      }
      this.#heard()
    })
    const early = this.ended.then((end) => {
      throw new Error(`It ended before it printed ${pattern}: ${JSON.stringify(end)}`)
    })
    return await Promise.race([found, early])
  }
}
