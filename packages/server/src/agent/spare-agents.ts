import { drawUuid } from '../random.ts'
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AskData, AskKind, AskResult, QueryConfig } from '@claude-agent/protocol'
import type { AskKinds } from './asking.ts'
import type { Agent } from './agent.ts'
import type { AgentHost, AgentOwner } from './agent-host.ts'
import type { Permit, PoolMember, ProcessPool } from './process-pool.ts'

/** What a spare is started with: it is of use only to a session that wants the same. */
export interface SpareWish {
  fingerprint: string
  config: QueryConfig
  asks: AskKinds
}

/** An agent that a session takes over. */
export interface ClaimedSpare {
  agent: Agent
  sdkSessionId: string
}

/** Agents that are made ready before there is a session for them, so that its first prompt does not pay for the start. */
export class SpareAgents {
  readonly #host: AgentHost
  readonly #pool: ProcessPool
  readonly #most: number
  readonly #spares = new Set<Spare>()
  #closed = false

  constructor(host: AgentHost, pool: ProcessPool, most: number) {
    this.#host = host
    this.#pool = pool
    this.#most = most
  }

  /** Makes sure that there is a spare as wished for, if there is room; the oldest of another kind gives way. */
  prepare(wish: SpareWish): void {
    if (this.#closed || this.#most === 0 || this.has(wish.fingerprint)) return
    const [oldest] = this.#spares
    if (oldest !== undefined && this.#spares.size >= this.#most) {
      void oldest.evict().then(() => this.prepare(wish))
      return
    }
    const spare = new Spare(wish)
    const permit = this.#pool.tryAcquire(spare)
    if (permit === undefined) return
    this.#spares.add(spare)
    spare.start(this.#host, permit, () => this.#spares.delete(spare))
  }

  has(fingerprint: string): boolean {
    return [...this.#spares].some((spare) => spare.isFor(fingerprint))
  }

  /** Gives a spare away, with its permit, once it is ready; undefined when there is none, or it failed. */
  async claim(fingerprint: string, member: PoolMember, owner: AgentOwner): Promise<ClaimedSpare | undefined> {
    const spare = [...this.#spares].find((each) => each.isFor(fingerprint))
    if (spare === undefined) return undefined
    this.#spares.delete(spare)
    return await spare.claim(member, owner)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#spares].map((spare) => spare.evict()))
  }
}

/** One of them. It stands in for the owner that it will have. */
class Spare implements AgentOwner, PoolMember {
  readonly fingerprint: string
  readonly #wish: SpareWish
  readonly #sdkSessionId = drawUuid()
  readonly #abort = new AbortController()
  /** What it wrote before it had an owner. */
  readonly #early: string[] = []
  #owner: AgentOwner | undefined
  #permit: Permit | undefined
  #agent: Promise<Agent | undefined> = Promise.resolve(undefined)

  constructor(wish: SpareWish) {
    this.#wish = wish
    this.fingerprint = wish.fingerprint
  }

  /** It has nothing to do for ever: the first to be ended for others. */
  get idleSince(): number {
    return -Infinity
  }

  moved(): void {}

  /** Whether it is what is wanted, and not being ended for others. */
  isFor(fingerprint: string): boolean {
    return this.fingerprint === fingerprint && !this.#abort.signal.aborted
  }

  start(host: AgentHost, permit: Permit, onGone: () => void): void {
    const { asks } = this.#wish
    this.#permit = permit
    const { signal } = this.#abort
    const request = { owner: this, asks, signal, sdkSessionId: this.#sdkSessionId }
    const gone = (): void => {
      onGone()
      permit.release()
    }
    this.#agent = host.start({ ...request, resumes: false, replacesPrompt: false }).then(
      (agent) => {
        void agent.ended.then(gone)
        return agent
      },
      () => {
        gone()
        return undefined
      },
    )
  }

  async claim(member: PoolMember, owner: AgentOwner): Promise<ClaimedSpare | undefined> {
    this.#owner = owner
    for (const text of this.#early) owner.onStderr(text)
    if (this.#permit !== undefined) this.#permit.member = member
    const agent = await this.#agent
    return agent === undefined ? undefined : { agent, sdkSessionId: this.#sdkSessionId }
  }

  async evict(): Promise<void> {
    this.#abort.abort()
    await (await this.#agent)?.stop()
  }

  config(): QueryConfig {
    return this.#owner?.config() ?? this.#wish.config
  }

  // A spare has been asked nothing, so it says no message until it has its owner.

  onMessage(message: SDKMessage): void {
    this.#owner?.onMessage(message)
  }

  onStderr(text: string): void {
    if (this.#owner === undefined) this.#early.push(text)
    else this.#owner.onStderr(text)
  }

  async room(): Promise<void> {
    await this.#owner?.room()
  }

  async ask(kind: AskKind, data: AskData, signal: AbortSignal): Promise<AskResult> {
    return (await this.#owner?.ask(kind, data, signal)) ?? { behavior: 'cancelled' }
  }

  async onQuestion(toolUseId: string): Promise<'defer' | 'pass' | 'refuse'> {
    return (await this.#owner?.onQuestion(toolUseId)) ?? 'pass'
  }

  answerTo(toolUseId: string): AskResult | undefined {
    return this.#owner?.answerTo(toolUseId)
  }
}
