import type { LoggedEvent, NewEvent, SessionStatus } from '@claude-agent/protocol'
import type { AgentHost } from '../agent/agent-host.ts'
import type { AgentExit } from '../agent/agent-process.ts'
import { kindsOf, type AskKinds } from '../agent/asking.ts'
import type { PoolMember, ProcessPool } from '../agent/process-pool.ts'
import type { SpareAgents } from '../agent/spare-agents.ts'
import type { EventLog } from '../log/event-log.ts'
import { Feed, type Durability } from '../log/feed.ts'
import type { EndReason } from './agent-slot.ts'
import { Activity } from './activity.ts'
import { AskingAgent } from './asking-agent.ts'
import { Asks } from './asks.ts'
import { ClientCallbacks } from './callbacks/client-callbacks.ts'
import { Calls } from './calls.ts'
import { Counterpart } from './counterpart.ts'
import { Launcher } from './launcher.ts'
import { ModelMemory } from './model-memory.ts'
import { restoreSession } from './restoration.ts'
import { Runner } from './runner.ts'
import type { SessionRecord } from './record.ts'
import type { SessionOptions } from './session-options.ts'
import type { SessionState } from './state.ts'
import { LimitTeller, StatusTeller } from './telling.ts'
import { reachedLimit, type ReachedLimit } from './usage.ts'

/** What all sessions of a server have in common. */
export interface EngineMeans {
  host: AgentHost
  pool: ProcessPool
  spares: SpareAgents
  /** Milliseconds after which an idle process is given back. */
  idleTimeoutMs: number
  durability: Durability
}

export interface EngineParts {
  log: EventLog
  state: SessionState
  means: EngineMeans
  options: SessionOptions
  record: () => SessionRecord
  onWritten: (event: LoggedEvent) => void
  /** A conversation begins: its system prompt is to be remembered. */
  onBegin: () => void
  onChange: () => void
}

/**
 * What makes a session go: joins its prompts, its asks and its agent, and tells its feed everything. It knows nothing of
 * clients, and lives on with none.
 */
export class Engine implements PoolMember {
  readonly feed: Feed
  readonly asks: Asks
  readonly runner: Runner
  readonly launcher: Launcher
  readonly calls: Calls
  readonly callbacks: ClientCallbacks
  readonly #parts: EngineParts
  readonly #activity: Activity
  readonly #memory: ModelMemory
  readonly #teller: StatusTeller
  readonly #limitTeller: LimitTeller
  #position: number | undefined
  #isClosed = false

  constructor(parts: EngineParts) {
    const { log, state, means, options, record } = parts
    this.#parts = parts
    const publish = (event: NewEvent): void => void this.feed.publish(event)
    const onChange = (): void => this.#changed()
    const offer = async (event: NewEvent): Promise<LoggedEvent> => {
      const logged = await this.feed.offer(event)
      await this.feed.durable()
      return logged
    }
    this.feed = new Feed(log, {
      durability: means.durability,
      onWritten: (event) => {
        const { isStale } = this.runner.slot
        state.apply(event)
        if (event.type === 'call_made' && !isStale) this.calls.written()
        parts.onWritten(event)
      },
    })
    this.#activity = new Activity(means.idleTimeoutMs, () => void this.runner.slot.end('idle'))
    this.asks = new Asks({
      publish,
      onChange,
      offer,
      settled: (ask) => state.settled(ask),
      timeoutMs: () => record().askTimeoutMs,
      onDeferredSettled: () => this.runner.advance(),
    })
    this.calls = new Calls({ state, runner: () => this.runner, publish, offer })
    this.callbacks = new ClientCallbacks({
      sessionId: record().id,
      registrations: state.registrations,
      serverNames: () => Object.keys(options.config.mcpServers ?? {}),
      offer,
      onRegistered: () => this.refresh(),
      onChange,
    })
    const asking = new AskingAgent(
      state,
      this.asks,
      () => this.runner.slot.agent?.isAlive ?? false,
      () => this.runner.takeBackJoined(),
    )
    this.#teller = new StatusTeller(state.status, publish)
    this.#limitTeller = new LimitTeller(publish)
    this.#memory = new ModelMemory({ state, feed: this.feed, host: means.host, config: () => options.config })
    const { systemPrompt } = record()
    const kinds = (): AskKinds => kindsOf(record())
    const wanted = (): string => this.#wanted
    this.launcher = new Launcher({
      ...means,
      state,
      owner: new Counterpart({
        feed: this.feed,
        activity: this.#activity,
        asking,
        launcher: () => this.launcher,
        runner: () => this.runner,
        config: () => options.config,
        onChange,
      }),
      member: this,
      asks: kinds,
      callbacks: this.callbacks,
      systemPrompt,
      wanted,
      publish,
      settled: () => this.feed.settled(),
      onBegin: parts.onBegin,
      prepare: (agent) => this.calls.repeat(agent),
    })
    this.runner = new Runner({
      publish,
      wanted,
      onChange,
      asks: this.asks,
      defers: () => kinds().has('deferred_question'),
      start: (signal) => this.launcher.start(signal),
      canStart: () => options.areComplete,
      isHeld: () => this.#limit !== undefined,
      counted: () => (Object.keys(record().limits).length === 0 ? undefined : this.feed.settled()),
      isBusy: () => this.#activity.isBusy,
      sdkSessionId: () => this.launcher.sdkSessionId,
      hasEntered: (prompt) => this.#memory.hasEntered(prompt),
      recover: (prompts) => this.#memory.recover(prompts),
      onExit: (exit, reason) => this.#agentEnded(exit, reason),
    })
  }

  get status(): SessionStatus {
    if (this.#isClosed) return 'closed'
    if (this.asks.size > 0) return 'requires_action'
    if (this.runner.isRunning && this.#position !== undefined) return 'queued'
    if (this.runner.isRunning || this.#activity.isBusy) return 'running'
    if (!this.#parts.options.areComplete) return 'credentials_required'
    if (this.runner.waiting > 0) return 'queued'
    return this.runner.hasFailed ? 'failed' : 'idle'
  }

  /** With `queued` for a process: its place in the line. */
  get position(): number | undefined {
    return this.status === 'queued' ? this.#position : undefined
  }

  /** How many prompts wait. */
  get queuedPrompts(): number {
    return this.runner.waiting + (this.position === undefined ? 0 : 1)
  }

  /** Nothing is under way and nothing waits, but for a question that no process is needed for. */
  get isAtRest(): boolean {
    return (
      !this.runner.isRunning &&
      !this.#activity.isBusy &&
      this.runner.waiting === 0 &&
      !this.asks.needProcess &&
      this.callbacks.isIdle
    )
  }

  /** Takes up what was open when the server ended, however that was. */
  async restore(): Promise<void> {
    const { state } = this.#parts
    const { isPlain, kind } = this.#parts.record()
    // Of prompts of an SDK nobody knows whether it still wants them.
    const drops = isPlain || kind === 'stdio'
    const { asks, runner } = this
    const publish = (event: NewEvent): void => void this.feed.publish(event)
    await restoreSession({ state, asks, runner, memory: this.#memory, publish, isPlain: drops })
    this.#changed()
  }

  /** Makes an agent ready ahead of the next prompt, if there is room. That it cannot start is told at that prompt. */
  warm(): void {
    const { options } = this.#parts
    const { pool, spares } = this.#parts.means
    const { slot, mayWarm } = this.runner
    if (!mayWarm || !options.areComplete) return
    if (slot.agent === undefined && !slot.isStarting && !pool.hasRoom && !spares.has(this.#wanted)) return
    slot.ready().catch(() => {})
  }

  /** What was set anew may let prompts run that waited, or want another agent. */
  refresh(): void {
    const { slot } = this.runner
    if (slot.isStale && (slot.agent !== undefined || slot.isStarting)) this.warm()
    this.runner.advance()
  }

  async close(isDeleted: boolean): Promise<void> {
    this.#isClosed = isDeleted
    this.#activity.stop()
    await this.runner.close()
    this.asks.clear()
    this.callbacks.close()
    if (isDeleted) this.#changed()
    await this.feed.close()
  }

  // What the pool of processes wants to know.

  get idleSince(): number | undefined {
    return this.#activity.idleSince
  }

  async evict(): Promise<void> {
    await this.runner.slot.end('room')
  }

  moved(position: number | undefined): void {
    this.#position = position
    this.#changed()
  }

  /** A fingerprint of what an agent must be started with, and told, now. */
  get #wanted(): string {
    const { options, state } = this.#parts
    return options.wanted + this.calls.fingerprint + state.registrations.fingerprint
  }

  get #limit(): ReachedLimit | undefined {
    return reachedLimit(this.#parts.state.usageNow, this.#parts.record().limits)
  }

  #agentEnded({ code, signal, cause }: AgentExit, reason: EndReason | undefined): void {
    this.#activity.stop()
    this.asks.lose()
    this.callbacks.clear()
    const why = reason === undefined ? {} : { reason }
    this.feed.publish({ type: 'agent_exited', code, signal, cause, resumable: true, ...why })
    this.#changed()
  }

  #changed(): void {
    // Its place in the line is for those who have a prompt.
    if (this.#position !== undefined && !this.runner.isRunning && this.runner.waiting === 0)
      this.runner.slot.abandon()
    const isHeld = this.runner.waiting > 0 && !this.runner.isRunning
    this.#limitTeller.tell(isHeld ? this.#limit : undefined)
    this.#teller.tell(this.status, this.position)
    const hasAgent = this.runner.slot.agent !== undefined
    if (this.#activity.settle(hasAgent && this.isAtRest)) this.#parts.means.pool.makeRoom()
    if (this.isAtRest) this.runner.slot.rest()
    this.#parts.onChange()
  }
}
