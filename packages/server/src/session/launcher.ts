import { drawUuid } from '../random.ts'
import type { NewEvent, QueryConfig } from '@claude-agent/protocol'
import type { Agent } from '../agent/agent.ts'
import type { AgentHost, AgentOwner } from '../agent/agent-host.ts'
import type { AskKinds } from '../agent/asking.ts'
import type { Callbacks } from '../agent/callbacks/callbacks.ts'
import type { PoolMember, ProcessPool } from '../agent/process-pool.ts'
import type { SpareAgents } from '../agent/spare-agents.ts'
import { hashOf } from '../policy/fingerprint.ts'
import { historyLost } from './refusals.ts'
import type { SessionState } from './state.ts'
import { readTotals } from './usage.ts'

export interface LauncherParts {
  host: AgentHost
  pool: ProcessPool
  spares: SpareAgents
  state: SessionState
  owner: AgentOwner
  member: PoolMember
  /** What somebody can answer of what the agent asks, now. */
  asks: () => AskKinds
  callbacks: Callbacks
  wanted: () => string
  publish: (event: NewEvent) => void
  /** Resolves when everything that was published is in the state. */
  settled: () => Promise<void>
  /** Hash of the system prompt that the conversation began with, as it was kept. */
  systemPrompt: string | undefined
  /** A conversation begins. */
  onBegin: () => void
  /** Tells a process that was just started what it must know beside its options. */
  prepare: (agent: Agent) => Promise<void>
}

interface Conversation {
  sdkSessionId: string
  resumes: boolean
  /** Where the SDK's counters begin. */
  totals?: ReturnType<typeof readTotals>
}

/**
 * Starts the agents of a session on its conversation: a new one, or the one that the transcript has, once it was
 * verified that this is the one that the session knows.
 */
export class Launcher {
  readonly #parts: LauncherParts
  #sdkSessionId = ''
  /** Hash of the system prompt that the conversation began with. */
  #firstPrompt: string | undefined
  #currentPrompt: string | undefined

  constructor(parts: LauncherParts) {
    this.#parts = parts
    this.#firstPrompt = parts.systemPrompt
  }

  get sdkSessionId(): string {
    return this.#sdkSessionId
  }

  get systemPrompt(): string | undefined {
    return this.#firstPrompt
  }

  /** The conversation was left behind (`/clear`): another begins with the prompt of the agent that runs. */
  reset(): void {
    this.#begin()
  }

  /** The SDK has told which conversation it is on. */
  follow(sdkSessionId: string): void {
    this.#sdkSessionId = sdkSessionId
  }

  /** @throws AgentServerError `agent_start_failed`; the signal's reason */
  async start(signal: AbortSignal): Promise<Agent> {
    const { owner, member, spares, wanted } = this.#parts
    const config = owner.config()
    const { sdkSessionId, resumes, totals } = await this.#findConversation(config)
    this.#currentPrompt = hashOf(config.systemPrompt ?? null)
    const replacesPrompt = this.#firstPrompt !== undefined && this.#firstPrompt !== this.#currentPrompt
    if (!resumes) this.#begin()
    const spare = resumes ? undefined : await spares.claim(wanted(), member, owner)
    const agent = spare?.agent ?? (await this.#launch({ sdkSessionId, resumes }, replacesPrompt, signal))
    this.#sdkSessionId = spare?.sdkSessionId ?? sdkSessionId
    await this.#parts.prepare(agent)
    this.#parts.publish({
      type: 'agent_started',
      sdkSessionId: this.#sdkSessionId,
      resumed: resumes,
      ...(totals === undefined ? {} : { totals }),
    })
    return agent
  }

  #begin(): void {
    this.#firstPrompt = this.#currentPrompt
    this.#parts.onBegin()
  }

  async #launch(conversation: Conversation, replacesPrompt: boolean, signal: AbortSignal): Promise<Agent> {
    const { host, pool, member, owner, asks, callbacks, state } = this.#parts
    const permit = await pool.acquire(member, signal)
    try {
      const notice = state.notice === undefined ? undefined : (): string | undefined => state.notice
      const { sdkSessionId, resumes } = conversation
      const goesOn = state.answeredQuestion !== undefined
      const request = { owner, asks: asks(), callbacks, replacesPrompt, notice, goesOn, signal }
      const agent = await host.start({ ...request, sdkSessionId, resumes })
      void agent.ended.then(() => permit.release())
      return agent
    } catch (error) {
      permit.release()
      throw error
    }
  }

  /** The conversation to go on with. The CLI would resume whatever it finds, so the transcript is looked at first. */
  async #findConversation(config: QueryConfig): Promise<Conversation> {
    const { host, state, publish, settled } = this.#parts
    await settled()
    const { sdkSessionId, begun, anchor } = state.conversation
    if (sdkSessionId === undefined) return { sdkSessionId: drawUuid(), resumes: false }
    const transcript = await host.readTranscript(sdkSessionId, config)
    if (transcript?.hasMessages) {
      const saved = transcript.savedTotals
      const totals = readTotals(saved?.totalCostUSD, saved?.modelUsage)
      if (transcript.leadsBackTo(anchor) && (await succeeds(transcript.repair())))
        return { sdkSessionId, resumes: true, totals }
    } else if (!begun) {
      const isFree = transcript === undefined || (await succeeds(transcript.putAside()))
      return { sdkSessionId: isFree ? sdkSessionId : drawUuid(), resumes: false }
    }
    const what = transcript?.hasMessages ? 'is damaged, or is another one' : 'is gone'
    const error = historyLost(
      `The transcript of the conversation ${sdkSessionId} ${what}: the agent goes on without what was said before.`,
    )
    publish({ type: 'error', ...error.toJSON() })
    return { sdkSessionId: drawUuid(), resumes: false }
  }
}

function succeeds(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  )
}
