import { AgentServerError, REDACTED, type NewEvent } from '@claude-agent/protocol'
import type { Agent } from '../agent/agent.ts'
import { acceptCall, type AcceptedCall } from '../policy/calls.ts'
import { callFailed, questionOpen } from './refusals.ts'
import type { Runner } from './runner.ts'
import type { MadeCall, SessionState } from './state.ts'

/** How often an agent is asked for that is replaced while it starts. */
const ATTEMPTS = 5
/** Lasting calls of a session, and characters of their arguments: each process of the agent is told all of them. */
const MAX_CALLS = 100
const MAX_CHARACTERS = 256 * 1024

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
  /** The arguments of the calls that count, as they were given. */
  readonly #given = new WeakMap<MadeCall, unknown[]>()
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
    for (const call of this.#parts.state.calls.values()) {
      const { method } = call
      const told = this.#argumentsOf(call)
      try {
        if (told === undefined) throw new Error('its secrets were lost with the last process of the server')
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
    const { method, key = method } = call
    const { calls } = this.#parts.state
    const before = calls.get(key)
    // What was lost with its secrets ends to count here, as it was told.
    const given = before && this.#argumentsOf(before)
    const shown = together(method, given && before?.args, call.shown)
    const args = together(method, given, call.args)
    requireRoom(calls, key, shown)
    const { agent, result } = await this.#make(call)
    this.#changed = agent
    await this.#parts.offer({ type: 'call_made', method, args: shown, key, by })
    const made = calls.get(key)
    if (made !== undefined) this.#given.set(made, args)
    return result
  }

  /** What an agent is told; undefined when its secrets were lost with a process of the server. */
  #argumentsOf(call: MadeCall): unknown[] | undefined {
    const given = this.#given.get(call)
    if (given !== undefined) return given
    return JSON.stringify(call.args).includes(REDACTED) ? undefined : call.args
  }

  async #make({ method, args, show }: AcceptedCall): Promise<{ agent: Agent; result: unknown }> {
    const agent = await this.#agent()
    try {
      return { agent, result: show((await agent.call(method, args)) ?? null) }
    } catch (error) {
      throw callFailed(method, error, this.#parts.runner().slot.agent === agent)
    }
  }

  /** The agent of the turn that runs, or one as it is wanted now. */
  async #agent(): Promise<Agent> {
    for (let attempt = 1; ; attempt += 1) {
      const { slot, mayWarm } = this.#parts.runner()
      if (!mayWarm && slot.agent !== undefined) return slot.agent
      try {
        return await slot.ready()
      } catch (error) {
        // Options were set while it started: another one takes its place.
        if ((error as Error).name !== 'AbortError') throw error
        if (attempt === ATTEMPTS) throw callFailed('The call', error, false)
      }
    }
  }
}

/** @throws AgentServerError `call_refused` */
function requireRoom(calls: ReadonlyMap<string, MadeCall>, key: string, args: unknown[]): void {
  const others = [...calls].filter(([other]) => other !== key)
  const size = JSON.stringify([...others.map(([, call]) => call.args), args]).length
  if (others.length < MAX_CALLS && size <= MAX_CHARACTERS) return
  throw new AgentServerError({
    code: 'call_refused',
    message: `The calls that last have ${others.length + 1} entries of ${size} characters; ${MAX_CALLS} of ${MAX_CHARACTERS} are the limit.`,
    hint: 'Set options: what was called before then ends to count.',
  })
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
