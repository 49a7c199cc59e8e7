import { SandboxError } from '../errors.ts'
import type { DockerCommand } from './command.ts'
import { inspectContainers, isOver, notFound, type Container } from './container.ts'

type Listener = (error: Error) => void

/**
 * Looks from time to time whether sandboxes are still there, as long as somebody wants to hear of it: one call for all.
 * A process that waits (`docker events`) would say it sooner, but would outlive a program that is killed.
 */
export class Losses {
  readonly #docker: DockerCommand
  readonly #everyMs: number
  readonly #listeners = new Map<string, Set<Listener>>()
  #timer: NodeJS.Timeout | undefined
  #isLooking = false

  constructor(docker: DockerCommand, everyMs: number) {
    this.#docker = docker
    this.#everyMs = everyMs
  }

  /** Tells once when the sandbox turns out to be gone. Gives an unsubscribe function. */
  listen(name: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    listeners.add(listener)
    this.#listeners.set(name, listeners)
    this.#schedule()
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name)
      if (this.#listeners.size === 0) clearTimeout(this.#timer)
    }
  }

  #schedule(): void {
    if (this.#isLooking || this.#listeners.size === 0) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#look(), this.#everyMs).unref()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    const names = [...this.#listeners.keys()]
    try {
      const containers = await inspectContainers(this.#docker, names, { background: true })
      const known = new Map(containers.map((container) => [container.name, container]))
      for (const name of names) {
        const error = explainLoss(name, known.get(name))
        if (error !== undefined) this.#tell(name, error)
      }
    } catch {
      // An engine that does not answer has lost nothing yet: containers live on while it is restarted.
    } finally {
      this.#isLooking = false
      this.#schedule()
    }
  }

  #tell(name: string, error: SandboxError): void {
    const listeners = this.#listeners.get(name) ?? []
    this.#listeners.delete(name)
    for (const listener of listeners) {
      try {
        listener(error)
      } catch (fault) {
        // A listener's fault is its program's, not that of the other listeners.
        queueMicrotask(() => {
          throw fault
        })
      }
    }
  }
}

/** Why a sandbox counts as lost; undefined while it lives, or is paused. */
function explainLoss(name: string, container: Container | undefined): SandboxError | undefined {
  if (container === undefined || isOver(container, Date.now())) return notFound(name)
  // 143: it was told to stop, with the engine or by hand. connect() goes on with it, as after its time with `pause`.
  if (container.status !== 'exited' || [0, 143].includes(container.exitCode)) return undefined
  return new SandboxError({
    code: 'start_failed',
    message: `The server of 'docker:${name}' crashed again and again, last with exit code ${container.exitCode}.`,
    hint: `connect('docker:${name}') starts it once more; \`docker logs ${name}\` says what it printed.`,
  })
}
