import type { AgentExitedEvent } from '@claude-agent/protocol'
import type { Agent } from '../agent/agent.ts'
import type { AgentExit } from '../agent/agent-process.ts'
import { stopping } from './refusals.ts'

/** Why the server ended an agent. */
export type EndReason = NonNullable<AgentExitedEvent['reason']>

export interface AgentSlotParts {
  /** A fingerprint of what an agent must be started with now. */
  wanted: () => string
  start: (signal: AbortSignal) => Promise<Agent>
  /** An agent is there, whoever asked for it, or is not wanted any more. */
  onReady: () => void
  /** The agent has ended: by itself, or for a reason. What is to be done before the next one starts, is waited for. */
  onExit: (exit: AgentExit, reason: EndReason | undefined) => Promise<void>
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
  /** It is to end as soon as it has nothing to do. */
  #isReleased = false
  #reason: EndReason | undefined
  /** Resolves when the last agent is gone and what that asked for is done. */
  #cleared: Promise<void> = Promise.resolve()

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
    return this.#agent === agent && !this.isStarting && !this.isStale && this.#reason === undefined
  }

  /** An agent as it is wanted now: the one that runs, the one that starts, or a new one in its place. */
  ready(): Promise<Agent> {
    if (this.#closed) return Promise.reject(stopping())
    this.#isReleased = false
    if (!this.isStale && this.#reason === undefined) {
      if (this.#starting !== undefined) return this.#starting
      if (this.#agent !== undefined) return Promise.resolve(this.#agent)
    }
    // A start that nobody wants any more need not be waited for.
    this.#abort.abort()
    this.#abort = new AbortController()
    const { signal } = this.#abort
    const before = this.#starting?.then(
      () => {},
      () => {},
    )
    this.#fingerprint = this.#parts.wanted()
    const starting = Promise.resolve(before).then(() => this.#replace(signal))
    this.#starting = starting
    starting.then(
      () => {
        if (this.#settle(starting)) this.#parts.onReady()
      },
      () => {
        if (this.#settle(starting)) this.#fingerprint = ''
      },
    )
    return starting
  }

  /** The agent that runs was changed to what is wanted now, so it stays. */
  adopt(): void {
    this.#fingerprint = this.#parts.wanted()
  }

  /** Gives up a start that is under way: nobody wants it any more. */
  abandon(): void {
    this.#abort.abort()
  }

  /** Ends the agent once it has nothing to do, unless it is asked for before that. Says whether there is one. */
  release(): boolean {
    if (this.#agent === undefined && !this.isStarting) return false
    this.#isReleased = true
    this.#parts.onReady()
    return true
  }

  /** There is nothing to do. */
  rest(): void {
    if (!this.#isReleased || this.#agent === undefined || this.isStarting) return
    this.#isReleased = false
    void this.end('released')
  }

  /** Ends the agent that runs, if there is one; resolves when it is gone. The next one is started when it is asked for. */
  async end(reason: EndReason): Promise<void> {
    const agent = this.#agent
    if (agent === undefined) return
    this.#reason ??= reason
    await (reason === 'released' ? agent.finish() : agent.stop())
    await this.#cleared
  }

  /** Ends the agent, also one that is being started. None is started any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#reason ??= 'shutdown'
    this.#abort.abort()
    await this.#starting?.catch(() => undefined)
    await this.#agent?.stop()
    await this.#cleared
  }

  async #replace(signal: AbortSignal): Promise<Agent> {
    await this.end('options')
    await this.#cleared
    signal.throwIfAborted()
    const agent = await this.#parts.start(signal)
    this.#agent = agent
    this.#cleared = agent.ended.then(async (exit) => {
      const reason = this.#reason
      this.#reason = undefined
      this.#agent = undefined
      // One that is being started already, with what is wanted now, stays the one.
      if (!this.isStarting) this.#fingerprint = ''
      await this.#parts.onExit(exit, reason)
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
