import { AgentServerError } from '@claude-agent/protocol'
import type { CreateOptions, Progress, Sandbox, SandboxProvider } from '@claude-agent/sandbox'
import { isRetried } from '../connection.ts'
import type { Endpoint } from '../endpoint.ts'
import { notify } from '../listeners.ts'
import { persist } from '../patience.ts'
import { locateSandbox } from './endpoint.ts'
import { fromEngine, noSandbox, sandboxFailure } from './failure.ts'
import { KeepAlive } from './keep-alive.ts'
import { Opening } from './opening.ts'

/** For how long the end of a sandbox is tried while its engine is away, in milliseconds. */
const KILL_MS = 5_000

export interface KeeperPlan {
  /** Opens the engine; asked once it is needed, and again when that failed. */
  engine: () => Promise<SandboxProvider>
  /** What a sandbox is made with. */
  create: Omit<CreateOptions, 'signal' | 'timeoutMs' | 'onProgress'>
  timeoutMs: number
  /** A sandbox to come back to, instead of making one. */
  resume: string | undefined
  keepAlive: boolean
  /** How long the engine may take to make a sandbox or to come back to one, without a word of progress. */
  startTimeoutMs: number
  onProgress: ((progress: Progress) => void) | undefined
  /** The sandbox may be gone: whoever is connected to it has to look. */
  onDoubt: (error: AgentServerError) => void
  log: (text: string) => void
}

/**
 * The sandbox of a client: made when an address is first asked for, found again when an address leads nowhere, kept
 * alive from then on, and ended by `end()`.
 *
 * An address is first taken as the sandbox tells it, which costs nothing. Only when no connection came of it is the
 * engine asked to come back to the sandbox: that resumes a paused one, starts a dead server, and says when it is gone.
 */
export class SandboxKeeper {
  readonly #plan: KeeperPlan
  readonly #keepAlive: KeepAlive
  #provider: SandboxProvider | undefined
  #sandbox: Sandbox | undefined
  #opening: Opening | undefined
  #ending: Promise<void> | undefined
  #unlisten = (): void => {}
  /** The sandbox runs, as far as is known: an address of it led to a connection, and none was asked for since. */
  #isProven = false
  /** The last address came from the engine: when it leads nowhere, no other will. */
  #isVerified = false

  constructor(plan: KeeperPlan) {
    this.#plan = plan
    this.#keepAlive = new KeepAlive(plan.timeoutMs, () => this.#extend())
  }

  /** The sandbox, once it is made, until it is ended. */
  get sandbox(): Sandbox | undefined {
    return this.#sandbox
  }

  /** Where the server is, for an attempt to connect. Makes the sandbox, or brings it back, where it takes that. */
  async locate(signal: AbortSignal): Promise<Endpoint> {
    await this.#ending?.catch(() => {})
    signal.throwIfAborted()
    if (this.#sandbox !== undefined && this.#isProven) {
      this.#isProven = this.#isVerified = false
      const endpoint = await locateSandbox(this.#sandbox).catch(() => undefined)
      signal.throwIfAborted()
      if (endpoint !== undefined) return endpoint
    }
    this.#isVerified = true
    return await locateSandbox(await this.#open(signal))
  }

  /** Where the server is, for a request. @throws AgentServerError `not_connected` when there is no sandbox */
  async endpoint(): Promise<Endpoint> {
    if (this.#sandbox === undefined || this.#ending !== undefined) throw noSandbox('yet, or any more')
    return await locateSandbox(this.#sandbox)
  }

  /** The last address led to a connection. */
  prove(): void {
    this.#isProven = true
    this.#isVerified = false
  }

  /** Whether a lost connection is worth another attempt: also when only the engine knows what became of the sandbox. */
  mayRetry(error: AgentServerError): boolean {
    return isRetried(error) || !this.#isVerified
  }

  /** Nobody is connected, nor will be: from here on its time runs out. The next address is asked of the engine. */
  rest(): void {
    this.#isProven = false
    this.#keepAlive.stop()
  }

  /** @throws AgentServerError `not_connected` when there is no sandbox, `not_supported` when its engine has no pause */
  checkPause(): void {
    const provider = this.#provider
    if (this.#sandbox === undefined || provider === undefined) throw noSandbox('to pause')
    if (provider.capabilities.pause !== false) return
    throw new AgentServerError({
      code: 'not_supported',
      message: `Sandboxes of the engine '${provider.engine}' cannot be paused.`,
      hint: 'detach() leaves it running until its time is over; stop() ends it.',
    })
  }

  /** Pauses the sandbox, to which nobody may be connected any more. */
  async pause(): Promise<void> {
    this.rest()
    if (this.#sandbox === undefined) throw noSandbox('to pause')
    await fromEngine(this.#sandbox.pause())
  }

  /** Waits until an opening that was given up is undone; the sandbox stays. */
  async detach(): Promise<void> {
    this.rest()
    await this.#opening?.undone()
  }

  /**
   * Ends the sandbox, also one that is only being made. When it fails the sandbox is kept, so that it can be tried again.
   * @param left resolves when nobody is connected any more.
   */
  end(left: Promise<void>): Promise<void> {
    this.#ending ??= this.#end(left).finally(() => {
      this.#ending = undefined
    })
    return this.#ending
  }

  async #end(left: Promise<void>): Promise<void> {
    await Promise.allSettled([left])
    await this.detach()
    const sandbox = this.#sandbox
    if (sandbox === undefined) return
    this.#plan.log(`ends the sandbox ${sandbox.id}`)
    this.#unlisten()
    await persist(() => fromEngine(sandbox.kill()), {
      signal: new AbortController().signal,
      mayRetry: isRetried,
      withinMs: KILL_MS,
    })
    this.#sandbox = undefined
  }

  /** Makes the sandbox, or comes back to the one that there is. */
  async #open(signal: AbortSignal): Promise<Sandbox> {
    const { resume, create, timeoutMs, startTimeoutMs, log } = this.#plan
    const id = this.#sandbox?.id ?? resume
    this.#provider ??= await fromEngine(this.#plan.engine())
    signal.throwIfAborted()
    log(id === undefined ? `makes a sandbox (${this.#provider.engine})` : `comes back to the sandbox ${id}`)
    const { envs = {} } = create
    this.#opening = new Opening(this.#provider, {
      ...(id === undefined ? { create: { ...create, timeoutMs } } : { id, connect: { envs, timeoutMs } }),
      signal,
      silenceMs: startTimeoutMs,
      onProgress: (progress) => this.#tell(progress),
      onStray: (error) => log(`a sandbox that came too late could not be ended: ${error.message}`),
    })
    const sandbox = await this.#opening.sandbox
    this.#take(sandbox)
    return sandbox
  }

  #take(sandbox: Sandbox): void {
    const { keepAlive, log } = this.#plan
    log(`the sandbox is ${sandbox.id}`)
    this.#unlisten()
    this.#sandbox = sandbox
    this.#unlisten = sandbox.onLost((error) => this.#doubt(sandboxFailure(error)))
    if (keepAlive) this.#keepAlive.start()
  }

  /** The sandbox may be gone; the engine knows. */
  #doubt(error: AgentServerError): void {
    this.#isProven = false
    this.#plan.onDoubt(error)
  }

  #tell(progress: Progress): void {
    this.#plan.log(`${progress.step}: ${progress.message}`)
    if (this.#plan.onProgress !== undefined) notify('progress', this.#plan.onProgress, progress)
  }

  /** Gives the sandbox its time anew. What goes wrong is tried again a third later, unless the sandbox is gone. */
  async #extend(): Promise<void> {
    const sandbox = this.#sandbox
    try {
      await sandbox?.extend(this.#plan.timeoutMs)
    } catch (cause) {
      const error = sandboxFailure(cause)
      this.#plan.log(`the time of the sandbox could not be extended: ${error.code}: ${error.message}`)
      if (error.code === 'sandbox_not_found' && this.#sandbox === sandbox) this.#doubt(error)
    }
  }
}
