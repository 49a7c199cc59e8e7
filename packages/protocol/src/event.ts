import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AskKind, AskData, AskOutcome } from './ask.ts'
import type { CallMethod } from './call.ts'
import type { ErrorBody } from './errors.ts'
import type { Registration } from './register.ts'
import type { SessionStatus, SessionUpdate, SessionUsage, UsageTotals } from './session.ts'
import type { UserMessageInput } from './up.ts'

/** A number that a session's log gave to an event; the first is 1, and there are no gaps. */
export type Seq = number

/**
 * How a prompt ended. `completed`: its turn ran to its end. `interrupted`: the turn was stopped, or the server or the
 * agent died in it, after the prompt had entered the conversation. `cancelled`: taken back before it entered the
 * conversation. `failed`: it could not be run; the event before it says why.
 */
export type PromptOutcome = 'completed' | 'interrupted' | 'cancelled' | 'failed'

/** A prompt was accepted. `turn: 'running'` when it was meant for the turn that ran (`priority` of the SDK). */
export interface UserMessageEvent {
  type: 'user_message'
  uuid: string
  data: UserMessageInput
  turn?: 'running'
}

export interface PromptEndedEvent {
  type: 'prompt_ended'
  uuid: string
  outcome: PromptOutcome
}

/** A message of the SDK, as it yielded it; `recovered` when it was read from the transcript after a crash. */
export interface SdkMessageEvent {
  type: 'sdk_message'
  data: SDKMessage
  recovered?: true
}

/** The agent waits for somebody. `toolUseID` in `data` where a tool is concerned. */
export interface AskEvent {
  type: 'ask'
  ask: string
  kind: AskKind
  data: AskData
  /** The agent's process is not needed for it: the ask survives the death of the server. */
  deferred?: true
}

export interface AskSettledEvent {
  type: 'ask_settled'
  ask: string
  outcome: AskOutcome
  /** Who answered, by the name that the client gave itself. */
  by?: string
  /** What was answered. */
  result?: unknown
}

export interface StatusEvent {
  type: 'status'
  status: SessionStatus
  /** With `queued`: how many sessions get a process before this one. */
  position?: number
}

/** A process of the agent is ready. `resumed`: it goes on with a conversation, whose history was verified. */
export interface AgentStartedEvent {
  type: 'agent_started'
  sdkSessionId: string
  resumed: boolean
  /** Where the SDK's own counters begin in this process. */
  totals?: UsageTotals
}

/**
 * A process of the agent has ended. `reason` where the server ended it: `idle` for long, to make `room` for another
 * session, because it was `released` by a client, for its new `options`, while a `question` is open, because it did not heed an `interrupt`, or at its own
 * `shutdown`.
 */
export interface AgentExitedEvent {
  type: 'agent_exited'
  reason?: 'idle' | 'room' | 'released' | 'options' | 'question' | 'interrupt' | 'shutdown'
  code: number | null
  signal: string | null
  cause: string
  resumable: boolean
}

/** What was changed by `PATCH`; secrets in options read `[redacted]`. */
export interface SessionUpdatedEvent extends SessionUpdate {
  type: 'session_updated'
}

/**
 * A call has changed what the agent is; it is made again on each further process of it, until options are set. Secrets
 * in `args` read `[redacted]`.
 */
export interface CallMadeEvent {
  type: 'call_made'
  method: CallMethod
  args: unknown[]
  /** An earlier call with the same key counts no more. */
  key?: string
  /** Who called, by the name that the client gave itself. */
  by: string
}

/**
 * What stands before it in the log is a copy: of a `session` of this server (a fork), of an `archive`, or of a
 * `transcript` of the SDK that no session had. The session goes on from here by itself.
 */
export interface CopiedEvent {
  type: 'copied'
  source: 'session' | 'archive' | 'transcript'
  /** Whose copy it is: the id of the session, or the SDK's id of the transcript. */
  from: string
  /** The log that was copied, and the last event of it that was. */
  log?: string
  at?: Seq
  /** The SDK's id of the conversation that goes on here; absent when nothing was said yet. */
  sdkSessionId?: string
  /** What the session has used so far: nothing, for a fork. */
  usage: SessionUsage
}

/** A client serves this to the agent from here on, in place of what it served before. */
export interface ClientRegisteredEvent {
  type: 'client_registered'
  client: string
  /** Hash of its secret. */
  owner: string
  registration: Registration
}

/** What the agent's process wrote to stderr. */
export interface InfoEvent {
  type: 'info'
  data: string
}

export interface ErrorEvent extends ErrorBody {
  type: 'error'
}

/** Everything that a session's log can hold, before it has a number. */
export type NewEvent =
  | UserMessageEvent
  | PromptEndedEvent
  | SdkMessageEvent
  | AskEvent
  | AskSettledEvent
  | StatusEvent
  | AgentStartedEvent
  | AgentExitedEvent
  | SessionUpdatedEvent
  | CallMadeEvent
  | CopiedEvent
  | ClientRegisteredEvent
  | InfoEvent
  | ErrorEvent

/** An event as it stands in the log. `at` is in milliseconds since 1970. */
export type LoggedEvent = { seq: Seq; at: number } & NewEvent

/**
 * A live-only message: partial text, progress. It has no `seq` and is never written. `replayed` when it was said before
 * the reader came: the replayed ones together replace what the reader has of the message that is being streamed.
 */
export interface EphemeralEvent {
  type: 'sdk_message'
  data: SDKMessage
  replayed?: true
}

export type SessionEvent = LoggedEvent | EphemeralEvent

/** Whether an event has a place in the log. */
export function isLogged(event: SessionEvent): event is LoggedEvent {
  return 'seq' in event
}
