import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const PROGRAM = fileURLToPath(new URL('writer.mjs', import.meta.url))

/** A process that writes to a log, and what it has told. */
export class Writer {
  id = ''
  written = 0
  durable = 0
  /** `[code, last seq]` of a write that failed. */
  failed: [code: string, lastSeq: number] | undefined
  readonly exit: Promise<void>
  readonly #process: ChildProcess

  /** `limit`: bytes that a file may have. */
  constructor(directory: string, size: number, limit?: number) {
    const command = [process.execPath, PROGRAM, directory, String(size)]
    const limited = ['-c', `ulimit -f ${(limit ?? 0) / 512}; exec "$0" "$@"`, ...command]
    const [program, args] = limit === undefined ? [command[0]!, command.slice(1)] : ['/bin/sh', limited]
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    this.#process = child
    const lines = createInterface(child.stdout)
    lines.on('line', (line) => this.#hear(line.split(' ')))
    this.exit = new Promise((resolve) => lines.once('close', resolve))
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.exit
  }

  #hear([word, value, more]: string[]): void {
    if (word === 'opened') this.id = value!
    else if (word === 'written') this.written = Number(value)
    else if (word === 'durable') this.durable = Number(value)
    else if (word === 'failed') this.failed = [value!, Number(more)]
  }
}
