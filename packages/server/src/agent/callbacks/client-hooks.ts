import type { HookCallback, HookCallbackMatcher, HookEvent, Options } from '@anthropic-ai/claude-agent-sdk'
import { AWAY_POLICIES, OWNER_TIMEOUT_MS, type RegisteredHooks } from '@claude-agent/protocol'
import type { Callbacks, ServingClient } from './callbacks.ts'

/** What a hook gets whose matcher says nothing, as the SDK has it; in seconds. */
const TIMEOUT_S = 600
/** By how much the CLI waits longer than the server, which knows who was away; in seconds. */
const MARGIN_S = 60

type Hooks = NonNullable<Options['hooks']>

/** The hooks of clients as the SDK's option. */
export function clientHooks(callbacks: Callbacks): Hooks {
  return mergeHooks(...callbacks.clients.map((client) => hooksOf(client, callbacks)))
}

/** All of several options, in their order. */
export function mergeHooks(...all: readonly (Hooks | undefined)[]): Hooks {
  const merged: Hooks = {}
  for (const hooks of all)
    for (const [event, matchers] of Object.entries(hooks ?? {}) as [HookEvent, HookCallbackMatcher[]][])
      merged[event] = [...(merged[event] ?? []), ...matchers]
  return merged
}

function hooksOf({ owner, registration }: ServingClient, callbacks: Callbacks): Hooks {
  const { hooks = {}, ownerTimeoutMs = OWNER_TIMEOUT_MS } = registration
  const toMatcher = (event: HookEvent, registered: RegisteredHooks): HookCallbackMatcher => {
    const { matcher, timeout = TIMEOUT_S, onFailure, whenAway = AWAY_POLICIES[event] } = registered
    const callback =
      (id: string): HookCallback =>
      async (input, toolUseID, { signal }) => {
        const data = { event, callback: id, input, ...(toolUseID === undefined ? {} : { toolUseID }) }
        return await callbacks.runHook(owner, { data, timeoutMs: timeout * 1000, whenAway }, signal)
      }
    return {
      ...(matcher === undefined ? {} : { matcher }),
      ...(onFailure === undefined ? {} : { onFailure }),
      timeout: timeout + Math.ceil(ownerTimeoutMs / 1000) + MARGIN_S,
      hooks: registered.callbacks.map(callback),
    }
  }
  return Object.fromEntries(
    (Object.entries(hooks) as [HookEvent, RegisteredHooks[]][]).map(([event, list]) => [
      event,
      list.map((registered) => toMatcher(event, registered)),
    ]),
  )
}
