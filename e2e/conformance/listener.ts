import type { HookCallbackMatcher, HookEvent, HookInput } from '@anthropic-ai/claude-agent-sdk'

/** Hooks that say nothing, and keep what they are told. */
interface Listener {
  heard: HookInput[]
  hooks: Partial<Record<HookEvent, HookCallbackMatcher[]>>
  /** Which events came, in order. */
  events: () => HookEvent[]
}

/** Listens to events with hooks. */
export function listenTo(...events: HookEvent[]): Listener {
  const heard: HookInput[] = []
  const matchers: HookCallbackMatcher[] = [
    {
      hooks: [
        async (input) => {
          heard.push(input)
          return {}
        },
      ],
    },
  ]
  return {
    heard,
    hooks: Object.fromEntries(events.map((event) => [event, matchers])),
    events: () => heard.map((input) => input.hook_event_name),
  }
}
