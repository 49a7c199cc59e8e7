import type { HookCallback, HookEvent, HookJSONOutput } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, type HookAskData, type RegisteredHooks } from '@claude-agent/protocol'
import type { ServeOptions } from './types.ts'

type Registered = Partial<Record<HookEvent, RegisteredHooks[]>>

/** Hooks of this process, each with an id by which the agent can ask for it. */
export class HookCallbacks {
  /** What the server is told of them. */
  readonly registered: Registered = {}
  readonly #callbacks = new Map<string, HookCallback>()

  constructor(hooks: ServeOptions['hooks'] = {}) {
    for (const [event, matchers = []] of Object.entries(hooks)) {
      const registered = matchers.map(
        ({ hooks: callbacks, matcher, timeout, onFailure, whenAway }, index) => ({
          ...(matcher === undefined ? {} : { matcher }),
          ...(timeout === undefined ? {} : { timeout }),
          ...(onFailure === undefined ? {} : { onFailure }),
          ...(whenAway === undefined ? {} : { whenAway }),
          callbacks: callbacks.map((callback, place) => this.#add(`${event}.${index}.${place}`, callback)),
        }),
      )
      if (registered.length > 0) this.registered[event as HookEvent] = registered
    }
  }

  /** @throws what the hook throws; AgentServerError when there is none of this id */
  async run({ callback, input, toolUseID }: HookAskData, signal: AbortSignal): Promise<HookJSONOutput> {
    const hook = this.#callbacks.get(callback)
    if (hook === undefined) {
      throw new AgentServerError({
        code: 'not_supported',
        message: `The client has no hook '${callback}' any more.`,
      })
    }
    // A hook that returns nothing has nothing to say.
    const output: HookJSONOutput | undefined = await hook(input, toolUseID, { signal })
    return output ?? {}
  }

  #add(id: string, callback: HookCallback): string {
    this.#callbacks.set(id, callback)
    return id
  }
}
