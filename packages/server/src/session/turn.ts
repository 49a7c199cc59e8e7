import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { PromptOutcome } from '../log/event.ts'

/** Live-only: parts and progress of what a later message says whole. */
const EPHEMERAL_TYPES: ReadonlySet<string> = new Set(['stream_event', 'tool_progress'])
const EPHEMERAL_SUBTYPES: ReadonlySet<string> = new Set([
  'control_request_progress',
  'hook_progress',
  'task_progress',
  'thinking_tokens',
])

/** Whether a message is sent live only, and not kept. */
export function isEphemeral(message: SDKMessage): boolean {
  if (message.type !== 'system') return EPHEMERAL_TYPES.has(message.type)
  return EPHEMERAL_SUBTYPES.has(message.subtype)
}

/** Ends of a prompt as the CLI tells them, in a message that no type of the SDK names. */
const ENDS: Record<string, PromptOutcome> = {
  completed: 'completed',
  cancelled: 'cancelled',
}

/** Follows one prompt through the messages of the agent. `command_lifecycle` is its end, not `result`: background work yields results of its own. */
export class Turn {
  readonly #uuid: string
  #lifecycle = false
  #interrupted = false
  #handedOver = false
  #started = false

  constructor(uuid: string) {
    this.#uuid = uuid
  }

  /** The agent has the prompt. */
  get isHandedOver(): boolean {
    return this.#handedOver
  }

  handOver(): void {
    this.#handedOver = true
  }

  /** The turn runs, so an interrupt reaches it. */
  get isStarted(): boolean {
    return this.#started
  }

  /** An interrupt was asked for. */
  interrupt(): void {
    this.#interrupted = true
  }

  get isInterrupted(): boolean {
    return this.#interrupted
  }

  /** Takes note of a message; gives the outcome when it ends the prompt. */
  hear(message: SDKMessage): PromptOutcome | undefined {
    const { type, command_uuid, state } = message as { type: string; command_uuid?: unknown; state?: unknown }
    if (type === 'command_lifecycle' && command_uuid === this.#uuid) {
      this.#lifecycle = true
      this.#started ||= state === 'started'
      const end = typeof state === 'string' ? ENDS[state] : undefined
      return end !== undefined && this.#interrupted ? 'interrupted' : end
    }
    // A CLI that says nothing of the prompt's life ends it with its result.
    if (type === 'result' && !this.#lifecycle) return this.#interrupted ? 'interrupted' : 'completed'
    return undefined
  }
}
