import { REDACTED, type NewEvent } from '@claude-agent/protocol'
import type { Agent } from '../agent/agent.ts'
import { acceptCall, type AcceptedCall } from '../policy/calls.ts'
import { callFailed, questionOpen } from './refusals.ts'
import type { Runner } from './runner.ts'
import type { SessionState } from './state.ts'

export interface CallsParts {
  state: SessionState
  runner: () => Pick<Runner, 'slot' | 'isSuspended' | 'mayWarm'>
  offer: (event: NewEvent) => Promise<unknown>
  publish: (event: NewEvent) => void
}

/**
 * Calls of the SDK's `Query` by clients. Those that change what the agent is are made again on every further process of
 * it, so that they outlive it; in the log they stand without their secrets, which are in memory only.
 */
export class Calls {
  readonly #parts: CallsParts
  readonly #secrets = new Map<string, unknown[]>()
  /** Changes are made one after the other, so that the log has them in the order in which they count. */
  #last: Promise<unknown> = Promise.resolve()
  /** The agent that was changed by the call that is being written. */
  #changed: Agent | undefined

  constructor(parts: CallsParts) {
    this.#parts = parts
  }

  /** What an agent must have been told beside its options; '' for nothing. */
  get fingerprint(): string {
    const { calls, callsSeq } = this.#parts.state
    return calls.size === 0 ? '' : `+${callsSeq}`
  }

  /**
   * Makes a call on the agent, which is started if need be.
   * @throws AgentServerError `call_refused`, `call_failed`, `question_open`, `invalid_request`, of `acceptConfig()`, and
   * `agent_start_failed`
   */
  async call(method: string, args: readonly unknown[], by: string): Promise<unknown> {
    const call = acceptCall(method, args)
    if (this.#parts.runner().isSuspended) throw questionOpen()
    if (call.key === undefined) return (await this.#make(call)).result
    const made = this.#last.then(() => this.#change(call, by))
    this.#last = made.catch(() => {})
    return await made
  }

  /** A call stands in the log: the agent that it has changed is as it is wanted now. */
  written(): void {
    const { slot } = this.#parts.runner()
    if (this.#changed !== undefined && slot.agent === this.#changed) slot.adopt()
  }

  /** Makes the calls again on a process that was just started. One that it refuses is told, and left out. */
  async repeat(agent: Agent): Promise<void> {
    for (const [key, { method, args }] of this.#parts.state.calls) {
      const isWhole = this.#secrets.has(key) || !JSON.stringify(args).includes(REDACTED)
      const told = this.#secrets.get(key) ?? args
      try {
        if (!isWhole) throw new Error('its secrets were lost with the last process of the server')
        await agent.call(method, told)
      } catch (error) {
        const why = (error as Error).message
        this.#parts.publish({
          type: 'error',
          code: 'call_failed',
          error: `'${method}', which was called before, does not count for this process of the agent: ${why}.`,
          hint: 'Call it again.',
        })
      }
    }
  }

  async #change(call: AcceptedCall, by: string): Promise<unknown> {
    const { agent, result } = await this.#make(call)
    const { method, key = method } = call
    const before = this.#parts.state.calls.get(key)?.args
    const shown = together(method, before, call.shown)
    const args = together(method, this.#secrets.get(key) ?? before, call.args)
    this.#changed = agent
    await this.#parts.offer({ type: 'call_made', method, args: shown, key, by })
    this.#secrets.set(key, args)
    return result
  }

  async #make({ method, args }: AcceptedCall): Promise<{ agent: Agent; result: unknown }> {
    const agent = await this.#agent()
    try {
      return { agent, result: (await agent.call(method, args)) ?? null }
    } catch (error) {
      throw callFailed(method, error)
    }
  }

  /** The agent of the turn that runs, or one as it is wanted now. */
  async #agent(): Promise<Agent> {
    const { slot, mayWarm } = this.#parts.runner()
    if (!mayWarm && slot.agent !== undefined) return slot.agent
    return await slot.ready()
  }
}

/** What a call comes to with the one before it that it takes the place of: settings are added to one another. */
function together(
  method: string,
  before: readonly unknown[] | undefined,
  args: readonly unknown[],
): unknown[] {
  if (method !== 'applyFlagSettings' || before === undefined) return [...args]
  return [{ ...(before[0] as object), ...(args[0] as object) }]
}
