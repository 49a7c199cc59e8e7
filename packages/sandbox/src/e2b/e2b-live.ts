import { SandboxError } from '../errors.ts'
import { readTimeout } from '../options.ts'
import type { Sandbox, SandboxEndpoint } from '../provider.ts'
import { endpointOf, SERVER_PORT } from './e2b-endpoint.ts'
import { translateE2bError } from './e2b-error.ts'
import type { E2bSandbox } from './e2b-sdk.ts'
import type { E2bSettings } from './e2b-options.ts'

/** One sandbox on E2B. */
export class E2bLiveSandbox implements Sandbox {
  readonly id: string
  readonly token: string
  readonly metadata: Readonly<Record<string, string>>
  readonly #sandbox: E2bSandbox
  readonly #settings: E2bSettings
  readonly #listeners = new Set<(error: Error) => void>()
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(
    sandbox: E2bSandbox,
    given: { token: string; metadata: Record<string, string>; settings: E2bSettings },
  ) {
    this.id = `e2b:${sandbox.sandboxId}`
    this.token = given.token
    this.metadata = given.metadata
    this.#settings = given.settings
    this.#sandbox = sandbox
  }

  async endpoint(port: number = SERVER_PORT): Promise<SandboxEndpoint> {
    return endpointOf(this.#sandbox, this.#settings.sharedUrl, port)
  }

  async extend(timeoutMs: number): Promise<void> {
    const wanted = readTimeout(timeoutMs)
    try {
      await this.#sandbox.setTimeout(wanted)
    } catch (error) {
      const failure = translateE2bError(error, 'use')
      if (failure.code !== 'sandbox_not_found') throw failure
      // E2B says the same of one that is paused, which has no timeout that could run out.
      if (await this.#isThere()) return
      this.#lose(failure)
      throw failure
    }
  }

  async pause(): Promise<void> {
    try {
      await this.#sandbox.pause()
    } catch (error) {
      const failure = translateE2bError(error, 'use')
      if (failure.code === 'sandbox_not_found') this.#lose(failure)
      throw failure
    }
  }

  async kill(): Promise<void> {
    this.#end()
    try {
      await this.#sandbox.kill()
    } catch (error) {
      const failure = translateE2bError(error, 'use')
      if (failure.code !== 'sandbox_not_found') throw failure
    }
  }

  onLost(listener: (error: Error) => void): () => void {
    if (this.#isOver) return () => {}
    // Of its own, so that one function may listen twice.
    const hear = (error: Error): void => listener(error)
    this.#listeners.add(hear)
    if (this.#timer === undefined) this.#watch()
    return () => {
      this.#listeners.delete(hear)
      if (this.#listeners.size === 0) this.#unwatch()
    }
  }

  /** Asks the control plane, not envd: a request to envd would wake a sandbox that is paused. */
  async #isThere(): Promise<boolean> {
    try {
      await this.#sandbox.getInfo()
      return true
    } catch (error) {
      const failure = translateE2bError(error, 'use')
      if (failure.code === 'sandbox_not_found') return false
      throw failure
    }
  }

  #watch(): void {
    this.#timer = setTimeout(() => {
      void (async () => {
        // While E2B does not answer, nothing is known.
        const isThere = await this.#isThere().catch(() => true)
        if (this.#timer === undefined) return
        if (isThere) return this.#watch()
        this.#lose(
          new SandboxError({
            code: 'sandbox_not_found',
            message: `The sandbox '${this.id}' is gone.`,
            hint: 'Its time was over, or somebody killed it. Create another.',
          }),
        )
      })()
    }, this.#settings.watchMs)
    this.#timer.unref()
  }

  #unwatch(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #lose(error: SandboxError): void {
    const listeners = [...this.#listeners]
    if (!this.#end()) return
    for (const hear of listeners) hear(error)
  }

  /** False when it was over already. */
  #end(): boolean {
    const isFirst = !this.#isOver
    this.#isOver = true
    this.#unwatch()
    this.#listeners.clear()
    return isFirst
  }
}
