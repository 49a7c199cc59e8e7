import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'

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

/** A prompt. Each gets a turn and a `result` of its own, in order. */
export interface UserMessage {
  type: 'user_message'
  data: UserMessageInput
}

/** Stops the running turn; the process and the conversation live on. Prompts that wait are answered after it. */
export interface Interrupt {
  type: 'interrupt'
}

/** Everything that a client may send on `WS /ws`. */
export type PlainUp = Auth | UserMessage | Interrupt
