import { AgentServerError, type QueryConfig, type SessionStatus } from '@claude-agent/protocol'
import type { AgentExit } from '../agent/agent-process.ts'
import { kindsOf } from '../agent/asking.ts'
import type { PoolMember } from '../agent/process-pool.ts'
import { acceptConfig } from '../policy/accept-config.ts'
import { readArguments, type ReadArguments } from '../policy/stdio/arguments.ts'
import { readVariables } from '../policy/stdio/variables.ts'
import { Activity } from '../session/activity.ts'
import type { Driver, DriverMeans } from '../session/driver.ts'
import { queueFull, sessionDeleted, stopping } from '../session/refusals.ts'
import { StatusTeller, tellMessage } from '../session/telling.ts'
import { budgetReached, reachedLimit } from '../session/usage.ts'
import { Asks } from './asks.ts'
import { chooseConversation } from './conversation.ts'
import { DrivenProcess } from './driven-process.ts'
import { Exchange } from './exchange.ts'
import { Prompts } from './prompts.ts'

/** Prompts of a controller that may wait. */
const MAX_PROMPTS = 1000

export interface DriverOptions {
  maxLineBytes: number
  /** Milliseconds that a process waits for its controller to come back. */
  controllerTimeoutMs: number
  /** A session has, or had, the SDK's conversation with this id. */
  hasConversation: (sdkSessionId: string) => Promise<boolean>
}

/** What a process is wanted for. */
export interface ProcessWish {
  /** By which its controller comes back. */
  name: string
  /** The command line of an SDK, and variables; without, the options of the session say everything. */
  given?: { args: readonly string[]; env: Readonly<Record<string, string>> } | undefined
  /** Nobody wants it any more. */
  signal: AbortSignal
}

/** Gives the process of a session to one controller at a time, and tells the session what goes on between them. */
export class StdioDriver implements Driver, PoolMember {
  /** Its controller may be about to say something: nobody else is given its place. */
  readonly idleSince: undefined
  readonly #means: DriverMeans
  readonly #options: DriverOptions
  readonly #activity = new Activity(0, () => {})
  readonly #prompts: Prompts
  readonly #asks: Asks
  readonly #teller: StatusTeller
  #process: DrivenProcess | undefined
  #isStarting = false
  #position: number | undefined
  #end: 'deleted' | 'stopping' | undefined

  constructor(means: DriverMeans, options: DriverOptions) {
    this.#means = means
    this.#options = options
    const { publish, state } = means
    this.#prompts = new Prompts(publish, (uuid) => state.prompt(uuid) !== undefined)
    this.#asks = new Asks(publish)
    this.#teller = new StatusTeller(state.status, publish)
  }

  get status(): SessionStatus {
    if (this.#position !== undefined) return 'queued'
    if (this.#asks.size > 0) return 'requires_action'
    return this.#prompts.size > 0 || this.#activity.isBusy ? 'running' : 'idle'
  }

  get position(): number | undefined {
    return this.#position
  }

  get isActive(): boolean {
    return this.#isStarting || this.#process?.isAlive === true
  }

  get processId(): number | undefined {
    return this.#process?.isAlive === true ? this.#process.id : undefined
  }

  async evict(): Promise<void> {}

  moved(position: number | undefined): void {
    this.#position = position
    this.#changed()
  }

  /** The process to which a controller comes back, whether it still runs or not. */
  find(name: string): DrivenProcess | undefined {
    return this.#process?.name === name ? this.#process : undefined
  }

  /**
   * Starts a process for a controller. One whose controller is away is ended for it.
   * @throws AgentServerError `already_connected`, `conversation_not_found`, `no_model_access`, `agent_start_failed`,
   * `credentials_required`, and those of options; the signal's reason
   */
  async begin(wish: ProcessWish): Promise<DrivenProcess> {
    this.#means.requireStartable()
    if (this.#isStarting || (this.#process?.isAlive === true && this.#process.isAttached)) throw isTaken()
    this.#isStarting = true
    try {
      const before = this.#process
      if (before !== undefined) await before.stop(takenOver())
      return (this.#process = await this.#start(wish))
    } finally {
      this.#isStarting = false
      this.#changed()
    }
  }

  async close(end: 'deleted' | 'stopping'): Promise<void> {
    this.#end = end
    await this.#process?.stop(end === 'deleted' ? sessionDeleted(this.#means.record().id) : stopping())
  }

  async #start({ name, given, signal }: ProcessWish): Promise<DrivenProcess> {
    const { host, pool, publish, feed, state } = this.#means
    const plan = this.#plan(given)
    const config = (): QueryConfig => withKey(plan.config, this.#means.config())
    const conversation = await chooseConversation(
      this.#means,
      plan.config,
      plan,
      this.#options.hasConversation,
    )
    const { sdkSessionId, resumes, totals } = conversation
    const permit = await pool.acquire(this, signal)
    try {
      const life = new AbortController()
      const prepared = await host.prepare({ ...plan, config, sdkSessionId, resumes, signal: life.signal })
      if (signal.aborted || this.#end !== undefined) {
        prepared.drop()
        throw signal.aborted ? signal.reason : stopping()
      }
      const { settings, mcpServers, ...initialize } = prepared.initialize
      const launched = new DrivenProcess({
        name,
        start: (onStderr) => prepared.start(onStderr),
        maxLineBytes: this.#options.maxLineBytes,
        controllerTimeoutMs: this.#options.controllerTimeoutMs,
        room: () => feed.room(),
        onStderr: (data) => publish({ type: 'info', data }),
        onEnded: (exit) => {
          permit.release()
          this.#ended(exit)
        },
        onForgotten: () => {
          if (this.#process === launched) this.#process = undefined
        },
        exchange: (parts) =>
          new Exchange({
            ...parts,
            prompts: this.#prompts,
            asks: this.#asks,
            // An SDK that has a command line says the rest itself.
            initialize: { ...(given === undefined ? initialize : {}), settings, mcpServers },
            maxLineBytes: this.#options.maxLineBytes,
            sdkSessionId: () => state.conversation.sdkSessionId ?? sdkSessionId,
            prohibition: () => this.#prohibition(),
            onMessage: (message) => {
              tellMessage(feed, message)
              this.#activity.hear(message)
            },
            onChange: () => this.#changed(),
          }),
      })
      publish({
        type: 'agent_started',
        sdkSessionId,
        resumed: resumes,
        ...(totals === undefined ? {} : { totals }),
      })
      return launched
    } catch (error) {
      permit.release()
      throw error
    }
  }

  /** What a process is to be started with: the options of the SDK that asks, or of the session. */
  #plan(
    given: ProcessWish['given'],
  ): Omit<ReadArguments, 'options'> & { config: QueryConfig; hasDefaults: boolean } {
    const own = this.#means.config()
    if (given === undefined) {
      const asks = kindsOf(this.#means.record()).has('can_use_tool')
      return { config: own, asks, mayBypass: true, resume: 'latest', hasDefaults: true }
    }
    const { options, ...plan } = readArguments(given.args)
    const variables = readVariables(given.env)
    const env = { ...own.env, ...variables.env }
    const all = { ...options, ...variables.options, ...(Object.keys(env).length === 0 ? {} : { env }) }
    return { ...plan, config: acceptConfig(all, {}), hasDefaults: false }
  }

  /** Why no prompt is taken at the moment. */
  #prohibition(): AgentServerError | undefined {
    const { state, record } = this.#means
    const reached = reachedLimit(state.usageNow, record().limits)
    if (reached !== undefined) return budgetReached(reached)
    return this.#prompts.size < MAX_PROMPTS ? undefined : queueFull(this.#prompts.size)
  }

  #ended({ code, signal, cause }: AgentExit): void {
    this.#activity.stop()
    this.#asks.lose()
    this.#prompts.lose()
    const why = this.#end === undefined ? {} : { reason: 'shutdown' as const }
    this.#means.publish({ type: 'agent_exited', code, signal, cause, resumable: true, ...why })
    this.#changed()
  }

  #changed(): void {
    this.#teller.tell(this.status, this.position)
    this.#means.onChange()
  }
}

/** The key is the session's: no SDK gives one away. */
function withKey(config: QueryConfig, { anthropicApiKey }: QueryConfig): QueryConfig {
  return anthropicApiKey === undefined ? config : { ...config, anthropicApiKey }
}

function isTaken(): AgentServerError {
  return new AgentServerError({
    code: 'already_connected',
    message: 'Another client has the process of this session.',
    hint: 'Wait until it is done, or use another session. Any number may read /ws.',
    retryAfterMs: 500,
  })
}

function takenOver(): AgentServerError {
  return new AgentServerError({
    code: 'process_gone',
    message: 'Another client has begun a process of this session while this one was away.',
    hint: 'Resume the conversation with another query.',
  })
}
