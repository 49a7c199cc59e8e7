import { randomUUID } from 'node:crypto'
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, type QueryConfig, type UserMessageInput } from '@claude-agent/protocol'
import type { AgentHost, StartedAgent } from '../agent/agent-host.ts'
import type { AgentExit } from '../agent/agent-process.ts'
import type { PromptOutcome } from '../log/event.ts'
import type { Feed } from '../log/feed.ts'
import { Admission, interruptedEarly, noModelAccess, queueFull, stopping } from './admission.ts'
import { AgentSlot } from './agent-slot.ts'
import { Conversation } from './conversation.ts'
import { PromptQueue, type Prompt } from './prompt-queue.ts'
import { isEphemeral, Turn } from './turn.ts'

/** Characters of prompts that may wait; one more is taken up to here. */
const MAX_QUEUED_SIZE = 64 * 1024 * 1024

/** What an agent that starts gets to take a prompt that was interrupted. */
const START_PATIENCE_MS = 5_000

/** What a session is made of. */
export interface SessionParts {
  feed: Feed
  host: AgentHost
  fingerprint: (value: unknown) => string
  /** The most prompts that may wait. */
  maxQueuedPrompts: number
}

/**
 * A conversation with an agent: takes prompts, hands them to the agent one at a time, and tells everything to its feed.
 * It knows nothing of sockets, lives on with no client, and replaces its agent when that dies or must change.
 */
export class Session {
  readonly feed: Feed
  readonly #parts: SessionParts
  readonly #prompts = new PromptQueue()
  readonly #conversation = new Conversation()
  readonly #admission: Admission
  readonly #slot: AgentSlot
  #config: QueryConfig = {}
  /** What an agent with this configuration must be started with, as a fingerprint. */
  #wanted: string
  #turn: Turn | undefined
  #ending: Promise<void> | undefined

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.feed = parts.feed
    this.#admission = new Admission(parts.fingerprint)
    this.#wanted = parts.fingerprint(parts.host.describe(this.#config))
    this.#slot = new AgentSlot({
      wanted: () => this.#wanted,
      start: (signal) => this.#startAgent(signal),
      onStarted: ({ resumed }) => {
        this.feed.publish({ type: 'agent_started', sdkSessionId: this.#conversation.id, resumed })
      },
      onExit: (exit) => this.#agentEnded(exit),
    })
  }

  get config(): QueryConfig {
    return this.#config
  }

  /** The process of the agent, while there is one. */
  get processId(): number | undefined {
    return this.#slot.agent?.processId
  }

  /**
   * Accepts a prompt: it is written to the log and gets its turn after those before it. A prompt that was accepted
   * before, by its uuid, is not taken again.
   * @throws AgentServerError `no_model_access`, `queue_full`, `uuid_conflict`, `storage_full`, `server_stopping`
   */
  send(data: UserMessageInput): Prompt {
    this.#refuseIfUnable()
    const uuid = data.uuid ?? randomUUID()
    const prompt: Prompt = { uuid, data: { ...data, uuid } }
    if (!this.#admission.admit(uuid, data)) return prompt
    const size = this.feed.publish({ type: 'user_message', uuid, data: prompt.data })
    this.#prompts.add(prompt, size)
    this.#advance()
    return prompt
  }

  /**
   * Stops the running turn; without one it does nothing. A prompt that the agent has not begun yet is interrupted as
   * soon as it has; when no agent has taken it within 5 s, it is taken back.
   */
  interrupt(): void {
    const turn = this.#turn
    if (turn === undefined) return
    turn.interrupt()
    if (turn.isStarted) this.#interruptAgent()
    else if (!turn.isHandedOver) setTimeout(() => this.#takeBack(turn), START_PATIENCE_MS).unref()
  }

  /** Sets the configuration; says when it takes effect. An agent that waits or starts is replaced at once. */
  configure(config: QueryConfig): 'now' | 'next_turn' {
    this.#config = config
    this.#wanted = this.#parts.fingerprint(this.#parts.host.describe(config))
    if (!this.#slot.isStale) return 'now'
    if (this.#turn?.isHandedOver) return 'next_turn'
    this.warm()
    return 'now'
  }

  /**
   * Makes an agent ready ahead of the next prompt; a turn that runs keeps its own. That it cannot start is told at the
   * prompt that needs it.
   */
  warm(): void {
    if (this.#turn?.isHandedOver || this.#ending !== undefined) return
    this.#slot.ready().catch(() => {})
  }

  /** Ends the agent; what it said until then is in the log. */
  async close(): Promise<void> {
    this.#ending ??= this.#end()
    await this.#ending
  }

  async #end(): Promise<void> {
    await this.#slot.close()
    if (this.#turn !== undefined) this.#finish('interrupted')
    await this.feed.close()
  }

  #refuseIfUnable(): void {
    if (this.#ending !== undefined) throw stopping()
    if (this.#parts.host.access(this.#config).kind === 'none') throw noModelAccess()
    if (this.feed.fault instanceof AgentServerError) throw this.feed.fault
    const { waiting, size } = this.#prompts
    if (waiting >= this.#parts.maxQueuedPrompts || size > MAX_QUEUED_SIZE) throw queueFull(waiting)
  }

  /** Hands the next prompt over when none is running. */
  #advance(): void {
    const prompt = this.#ending === undefined ? this.#prompts.next() : undefined
    if (prompt === undefined) return
    const turn = new Turn(prompt.uuid)
    this.#turn = turn
    void this.#handOver(prompt, turn)
  }

  /** Gives a prompt to an agent once there is one as it is wanted; it may be another than at first. */
  async #handOver(prompt: Prompt, turn: Turn): Promise<void> {
    for (;;) {
      try {
        const agent = await this.#slot.ready()
        if (this.#turn !== turn) return
        if (!this.#slot.holds(agent)) continue
        turn.handOver()
        return agent.send({
          parent_tool_use_id: null,
          ...prompt.data,
          session_id: this.#conversation.id,
        } as never)
      } catch (error) {
        if (this.#turn !== turn) return
        if (this.#slot.isStarting) continue
        this.feed.publish({ type: 'error', ...(error as AgentServerError).toJSON() })
        return this.#finish('failed')
      }
    }
  }

  #takeBack(turn: Turn): void {
    if (this.#turn !== turn || turn.isHandedOver) return
    this.feed.publish({ type: 'error', ...interruptedEarly().toJSON() })
    this.#finish('interrupted')
  }

  #startAgent(signal: AbortSignal): Promise<StartedAgent> {
    const prompt = this.#parts.fingerprint(this.#config.systemPrompt)
    return this.#parts.host.start({
      config: () => this.#config,
      sdkSessionId: this.#conversation.id,
      replacesPrompt: this.#conversation.resume(prompt),
      onMessage: (message) => this.#hear(message),
      onStderr: (text) => this.feed.publish({ type: 'info', data: text }),
      room: () => this.feed.room(),
      signal,
    })
  }

  #hear(message: SDKMessage): void {
    this.#tell(message)
    this.#conversation.hear(message)
    const turn = this.#turn
    if (turn === undefined) return
    const wasStarted = turn.isStarted
    const outcome = turn.hear(message)
    if (outcome !== undefined) this.#finish(outcome)
    else if (!wasStarted && turn.isStarted && turn.isInterrupted) this.#interruptAgent()
  }

  #tell(message: SDKMessage): void {
    if (isEphemeral(message)) return this.feed.publishEphemeral({ type: 'sdk_message', data: message })
    try {
      this.feed.publish({ type: 'sdk_message', data: message })
    } catch (error) {
      const { message: why } = error as Error
      this.feed.publish({
        type: 'error',
        error: `A message of the agent is left out. ${why}`,
        code: 'internal',
      })
    }
  }

  #finish(outcome: PromptOutcome): void {
    const { current } = this.#prompts
    if (current !== undefined) this.feed.publish({ type: 'prompt_ended', uuid: current.uuid, outcome })
    this.#turn = undefined
    this.#prompts.finish()
    if (this.#ending !== undefined) return
    this.#advance()
    // A configuration that came during the turn; the next prompt may be long in coming.
    if (this.#turn === undefined && this.#slot.agent !== undefined && this.#slot.isStale) this.warm()
  }

  #agentEnded({ code, signal, cause }: AgentExit): void {
    this.feed.publish({ type: 'agent_exited', code, signal, cause, resumable: true })
    if (this.#turn !== undefined) this.#finish('failed')
  }

  #interruptAgent(): void {
    this.#slot.agent?.interrupt().catch((error: Error) => {
      this.feed.publish({
        type: 'error',
        error: `The turn could not be interrupted: ${error.message}`,
        code: 'internal',
      })
    })
  }
}
