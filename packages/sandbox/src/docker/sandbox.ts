import { setTimeout as delay } from 'node:timers/promises'
import { SandboxError } from '../errors.ts'
import { extendLease } from '../lease.ts'
import { readTimeout } from '../options.ts'
import type { Sandbox, SandboxEndpoint } from '../provider.ts'
import type { DockerCommand } from './command.ts'
import { inspectContainer, isOver, notFound, type Container } from './container.ts'
import { isSameMachine, locate } from './locate.ts'
import type { Losses } from './losses.ts'
import { removeContainer } from './remove.ts'
import { SERVER_PORT } from './run-arguments.ts'

/** For how long what was just seen of a container is taken for true, in milliseconds. */
const FRESH_MS = 1_000

/** How often a pause is tried that the kernel was too busy for, and the time between two tries in milliseconds. */
const PAUSE_TRIES = 10
const PAUSE_AGAIN_MS = 200

/** A container with a server that may be spoken to. */
export class DockerSandbox implements Sandbox {
  readonly id: string
  readonly token: string
  readonly metadata: Readonly<Record<string, string>>
  readonly #name: string
  readonly #docker: DockerCommand
  readonly #losses: Losses
  readonly #subscriptions = new Set<() => void>()
  /** As it was when its server answered. */
  readonly #first: Container
  #freshUntil = performance.now() + FRESH_MS

  constructor(docker: DockerCommand, losses: Losses, container: Container) {
    const { name, token, metadata } = container
    this.#first = container
    this.id = `docker:${name}`
    this.token = token
    this.metadata = Object.freeze(metadata)
    this.#name = name
    this.#docker = docker
    this.#losses = losses
  }

  async endpoint(port: number = SERVER_PORT): Promise<SandboxEndpoint> {
    const isFresh = performance.now() < this.#freshUntil
    const container = isFresh ? this.#first : await this.#inspect()
    const isReachable = container.published.has(port) || (await isSameMachine(this.#docker))
    const endpoint = isReachable ? locate(container, port) : undefined
    if (endpoint !== undefined) return endpoint
    if (container.status !== 'running' && container.status !== 'paused') {
      throw new SandboxError({
        code: 'engine_unreachable',
        message: `'${this.id}' does not run (${container.status}), so nothing of it can be reached.`,
        hint: 'Come back to it with connect(), which starts it again.',
      })
    }
    throw new SandboxError({
      code: 'not_supported',
      message: `Port ${port} of '${this.id}' cannot be reached from here: it is not published.`,
      hint: 'Name the port at docker({ ports: [...] }) before the sandbox is created.',
    })
  }

  async extend(given: number): Promise<void> {
    const timeoutMs = readTimeout(given)
    const container = await this.#inspect()
    if (container.status === 'paused') {
      throw new SandboxError({
        code: 'not_supported',
        message: `'${this.id}' is paused: its time does not run.`,
        hint: 'connect() goes on with it, and takes a new `timeoutMs`.',
      })
    }
    await extendLease({ endpoint: await this.endpoint(), token: this.token, timeoutMs })
  }

  async pause(): Promise<void> {
    for (let tries = 1; !(await this.#isPaused()); tries += 1) {
      try {
        await this.#docker(['pause', this.#name])
        return
      } catch (error) {
        if (await this.#isPaused()) return
        // The freezer of an older kernel gives up on a container that starts many programs at the moment.
        if (tries === PAUSE_TRIES || !/unable to freeze/.test((error as Error).message)) throw error
        await delay(PAUSE_AGAIN_MS)
      }
    }
  }

  async kill(): Promise<void> {
    this.#freshUntil = 0
    for (const unsubscribe of this.#subscriptions) unsubscribe()
    this.#subscriptions.clear()
    await removeContainer(this.#docker, this.#name)
  }

  onLost(listener: (error: Error) => void): () => void {
    const unsubscribe = this.#losses.listen(this.#name, listener)
    this.#subscriptions.add(unsubscribe)
    return () => {
      this.#subscriptions.delete(unsubscribe)
      unsubscribe()
    }
  }

  async #isPaused(): Promise<boolean> {
    const { status } = await this.#inspect()
    return status === 'paused' || status === 'exited'
  }

  async #inspect(): Promise<Container> {
    const container = await inspectContainer(this.#docker, this.#name)
    if (isOver(container, Date.now())) throw notFound(this.#name)
    return container
  }
}
