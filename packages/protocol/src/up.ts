import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AskResult } from './ask.ts'

/** First frame on a socket of a server with a token, from clients that cannot set headers. At most 4 KB, within 5 s. */
export interface Auth {
  type: 'auth'
  token: string
}

/** What a user message needs; the rest of the SDK's type may be there. A message without `uuid` is given one. */
export type UserMessageInput = Omit<SDKUserMessage, 'parent_tool_use_id' | 'session_id' | 'uuid'> & {
  parent_tool_use_id?: string | null
  session_id?: string
  uuid?: string
}

/** A prompt. Each gets a turn and a `result` of its own, in order. With `id` (session layer) it is replied to. */
export interface UserMessage {
  type: 'user_message'
  id?: string
  data: UserMessageInput
}

/** Stops the running turn; the process and the conversation live on. Prompts that wait are answered after it. */
export interface Interrupt {
  type: 'interrupt'
  id?: string
}

/** Takes a prompt back that waits. */
export interface Cancel {
  type: 'cancel'
  id?: string
  uuid: string
}

/** Answers an ask: one of `result` and `error`. An `error` declines, with the reason that the model reads. */
export interface Answer {
  type: 'answer'
  id?: string
  ask: string
  result?: AskResult
  error?: string
}

/** Asks for a sign of life; a `heartbeat` comes back at once. */
export interface Heartbeat {
  type: 'heartbeat'
}

/** Everything that a client may send on `WS /ws`. */
export type PlainUp = Auth | UserMessage | Interrupt

/** Everything that a client may send on `WS /sessions/:id/ws`. */
export type SessionUp = Auth | UserMessage | Interrupt | Cancel | Answer | Heartbeat
