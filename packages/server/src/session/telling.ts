import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AgentServerError, NewEvent, SessionStatus } from '@claude-agent/protocol'
import type { Feed } from '../log/feed.ts'
import { budgetReached, type ReachedLimit } from './usage.ts'

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

/** Tells what the agent said. */
export function tellMessage(feed: Feed, data: SDKMessage): void {
  if (isEphemeral(data)) return feed.publishEphemeral({ type: 'sdk_message', data })
  try {
    feed.publish({ type: 'sdk_message', data })
  } catch (error) {
    const why = (error as AgentServerError).message
    feed.publish({ type: 'error', error: `A message of the agent is left out. ${why}`, code: 'internal' })
  }
}

/** Tells the status of a session whenever it has changed. */
export class StatusTeller {
  readonly #publish: (event: NewEvent) => void
  #status: SessionStatus
  #position: number | undefined

  constructor(status: SessionStatus, publish: (event: NewEvent) => void) {
    this.#status = status
    this.#publish = publish
  }

  tell(status: SessionStatus, position: number | undefined): void {
    if (status === this.#status && position === this.#position) return
    this.#status = status
    this.#position = position
    this.#publish({ type: 'status', status, ...(position === undefined ? {} : { position }) })
  }
}

/** Says once that prompts wait because of a limit. */
export class LimitTeller {
  readonly #publish: (event: NewEvent) => void
  #told: string | undefined

  constructor(publish: (event: NewEvent) => void) {
    this.#publish = publish
  }

  /** @param limit the one because of which they wait, if they do */
  tell(limit: ReachedLimit | undefined): void {
    if (limit !== undefined && this.#told !== limit.name)
      this.#publish({ type: 'error', ...budgetReached(limit).toJSON() })
    this.#told = limit?.name
  }
}
