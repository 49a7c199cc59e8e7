import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { UserMessageInput } from '@claude-agent/protocol'
import type { ErrorBody } from '@claude-agent/protocol'

/** A number that a log gave to an event; the first is 1, and there are no gaps. */
export type Seq = number

/** How a prompt ended. */
export type PromptOutcome = 'completed' | 'interrupted' | 'cancelled' | 'failed'

/** What a session tells: each of these is written to its log before anybody hears of it. */
export type NewEvent =
  | { type: 'user_message'; uuid: string; data: UserMessageInput }
  | { type: 'prompt_ended'; uuid: string; outcome: PromptOutcome }
  | { type: 'sdk_message'; data: SDKMessage }
  | { type: 'agent_started'; sdkSessionId: string; resumed: boolean }
  | { type: 'agent_exited'; code: number | null; signal: string | null; cause: string; resumable: boolean }
  | { type: 'info'; data: string }
  | ({ type: 'error' } & ErrorBody)

/** An event as it stands in the log. `at` is in milliseconds since 1970. */
export type LoggedEvent = { seq: Seq; at: number } & NewEvent

/** A live-only message: partial text, progress. It has no `seq` and is never written. */
export interface EphemeralEvent {
  type: 'sdk_message'
  data: SDKMessage
}

export type SessionEvent = LoggedEvent | EphemeralEvent

/** Whether an event has a place in the log. */
export function isLogged(event: SessionEvent): event is LoggedEvent {
  return 'seq' in event
}
