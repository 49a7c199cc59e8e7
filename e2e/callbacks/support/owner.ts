import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { World } from '../../support/test.ts'
import { until } from '../../support/until.ts'

const PROGRAM = fileURLToPath(new URL('owner.mjs', import.meta.url))

/** A client in a process of its own, always with the same name and secret, whose one tool takes `ms`. */
export class OwnerProcess {
  readonly #child: ChildProcess
  #printed = ''

  constructor(world: World, url: string, session: string, ms: number) {
    const env = { PATH: process.env['PATH'] }
    this.#child = spawn(process.execPath, [PROGRAM, url, session, String(ms)], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child.stdout?.on('data', (data: Buffer) => (this.#printed += data.toString('utf8')))
    world.defer(() => this.kill())
  }

  get id(): number | undefined {
    return this.#child.pid
  }

  get printed(): string {
    return this.#printed
  }

  /** Resolves once it has printed this. */
  async prints(text: string, timeoutMs?: number): Promise<void> {
    await until(`the owner prints ${text}`, () => this.#printed.includes(text), timeoutMs)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
