import type { Agent } from '../agent/agent.ts'
import type { StartedAgent } from '../agent/agent-host.ts'
import type { AgentExit } from '../agent/agent-process.ts'
import { stopping } from './admission.ts'

export interface AgentSlotParts {
  /** A fingerprint of what an agent must be started with now. */
  wanted: () => string
  start: (signal: AbortSignal) => Promise<StartedAgent>
  onStarted: (started: StartedAgent) => void
  /** The agent ended by itself. */
  onExit: (exit: AgentExit) => void
}

/**
 * The one agent of a session: made ready when it is asked for, replaced when what it must be started with has changed.
 * There are never two: a second process on one conversation would fork its history.
 */
export class AgentSlot {
  readonly #parts: AgentSlotParts
  #agent: Agent | undefined
  #starting: Promise<Agent> | undefined
  #abort = new AbortController()
  /** What the agent was started with, or is being started with. */
  #fingerprint = ''
  #closed = false

  constructor(parts: AgentSlotParts) {
    this.#parts = parts
  }

  /** The agent, once it is ready and while it lives. */
  get agent(): Agent | undefined {
    return this.#agent
  }

  /** Another agent must be started before the next prompt. */
  get isStale(): boolean {
    return this.#fingerprint !== this.#parts.wanted()
  }

  /** An agent is being started. */
  get isStarting(): boolean {
    return this.#starting !== undefined
  }

  /** Whether this agent is the one that is wanted, with no other on its way. */
  holds(agent: Agent): boolean {
    return this.#agent === agent && !this.isStarting && !this.isStale
  }

  /** An agent as it is wanted now: the one that runs, the one that starts, or a new one in its place. */
  ready(): Promise<Agent> {
    if (this.#closed) return Promise.reject(stopping())
    if (!this.isStale) {
      if (this.#starting !== undefined) return this.#starting
      if (this.#agent !== undefined) return Promise.resolve(this.#agent)
    }
    // A start that nobody wants any more need not be waited for.
    this.#abort.abort()
    this.#abort = new AbortController()
    const { signal } = this.#abort
    const before = this.#starting?.catch(() => undefined) ?? Promise.resolve(this.#agent)
    this.#fingerprint = this.#parts.wanted()
    const starting = before.then((previous) => this.#replace(previous, signal))
    this.#starting = starting
    starting.then(
      () => this.#settle(starting),
      () => {
        if (this.#settle(starting)) this.#fingerprint = ''
      },
    )
    return starting
  }

  /** Ends the agent, also one that is being started. None is started any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#abort.abort()
    await this.#starting?.catch(() => undefined)
    await this.#agent?.stop()
  }

  async #replace(previous: Agent | undefined, signal: AbortSignal): Promise<Agent> {
    if (previous !== undefined) {
      this.#agent = undefined
      await previous.stop()
    }
    const started = await this.#parts.start(signal)
    const { agent } = started
    this.#agent = agent
    this.#parts.onStarted(started)
    void agent.ended.then((exit) => {
      // One that was replaced, or that ends with the session, is expected to end.
      if (this.#agent !== agent || this.#closed) return
      this.#agent = undefined
      this.#fingerprint = ''
      this.#parts.onExit(exit)
    })
    return agent
  }

  /** Whether it was the latest start. */
  #settle(starting: Promise<Agent>): boolean {
    if (this.#starting !== starting) return false
    this.#starting = undefined
    return true
  }
}
