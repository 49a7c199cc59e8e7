import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AskResult } from './ask.ts'
import type { End, Received } from './down.ts'
import type { CallMethod } from './call.ts'
import type { DirectedResult, McpMessage, Register } from './register.ts'

/** First frame on a socket of a server with a token, from clients that cannot set headers. At most 4 KB, within 5 s. */
export interface Auth {
  type: 'auth'
  token: string
}

/** The same in the words of the official browser SDK. */
export interface AuthCredential {
  type: 'auth'
  credential: { type: 'oauth'; token: string }
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
  result?: AskResult | DirectedResult
  error?: string
}

/** `POST /sessions/:id/calls` */
export interface CallRequest {
  method: CallMethod
  /** @default [] */
  args?: unknown[]
}

/** Calls a method of the SDK's `Query` on the session's agent, which is started if need be. */
export interface Call extends CallRequest {
  type: 'call'
  id?: string
}

/** From an MCP server that runs in this client to the agent: a notification, a request, the response to one. */
export interface McpMessageUp {
  type: 'mcp_message'
  id?: string
  client: string
  server: string
  message: McpMessage
}

/** Asks for a sign of life; a `heartbeat` comes back at once. */
export interface Heartbeat {
  type: 'heartbeat'
}

/** Everything that a client may send on `WS /ws`. */
export type PlainUp = Auth | UserMessage | Interrupt

/** Everything that a client may send on `WS /sessions/:id/ws`. */
export type SessionUp =
  | Auth
  | UserMessage
  | Interrupt
  | Cancel
  | Answer
  | Call
  | Register
  | McpMessageUp
  | Heartbeat

/** On a model socket: this client takes a request for the model. Said once per request. */
export interface Park {
  type: 'park'
}

/** The model's answer begins; its body follows in binary frames, then `end`. */
export interface ModelResponse {
  type: 'response'
  status: number
  headers: Record<string, string>
}

/** In place of the answer, or of its rest: why there is none. */
export interface ModelError {
  type: 'error'
  error: string
  code: string
}

/**
 * First frame on a process socket (`WS /sessions/:id/stdio?framing=pipe`): begins a process, or comes back to the one
 * with this name. The bytes of stdin behind it begin at `from`; those of stdout are wanted from `received` on.
 */
export interface Open {
  type: 'open'
  /** Drawn by the client, 16 to 100 letters, digits and `-`. */
  process: string
  from: number
  received: number
  /** Of the command line that the SDK made, from its first flag on. Needed to begin. */
  args?: string[]
  env?: Record<string, string>
}

/** Ends the process. */
export interface Kill {
  type: 'kill'
  signal: 'SIGINT' | 'SIGKILL' | 'SIGTERM'
}

/** Everything that a client may send on a process socket, beside binary frames with bytes of stdin. */
export type ProcessUp = Auth | Open | Received | End | Kill | Heartbeat

/** Everything that a client may send on `WS /model`, beside binary frames. */
export type ModelUp = Auth | Park | ModelResponse | End | ModelError | Heartbeat
