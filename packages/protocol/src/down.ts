import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { ErrorBody } from './errors.ts'
import type { SessionEvent, Seq } from './event.ts'
import type { HookAskData, McpAskData, McpMessage } from './register.ts'
import type { SessionInfo } from './session.ts'

/** The connection is accepted and holds the slot. */
export interface Connected {
  type: 'connected'
}

/** A message of the SDK, as the SDK yielded it. */
export interface SdkMessage {
  type: 'sdk_message'
  data: SDKMessage
}

/** Something went wrong; the connection stays unless a close follows. */
export interface ErrorFrame extends ErrorBody {
  type: 'error'
  /** Of the frame that it answers, where that had one. */
  id?: string
}

/** What the agent's process wrote to stderr. */
export interface Info {
  type: 'info'
  data: string
}

/** Everything that a server sends on `WS /ws`. */
export type PlainDown = Connected | SdkMessage | ErrorFrame | Info

/** The connection to a session is accepted; its events follow. */
export interface SessionConnected {
  type: 'connected'
  protocol: number
  /** Version of the server. */
  server: string
  session: SessionInfo
  log: string
  lastSeq: Seq
  /** The name of this client, as `by` tells it to others. */
  client: string
  /** The longest frame that the server takes, in bytes. */
  maxFrameBytes: number
}

/** Everything that was in the log when the reader came has been sent; from here on it is live. */
export interface CaughtUp {
  type: 'caught_up'
  seq: Seq
}

/** Events between `after` and `first` are not here any more, or the cursor was of another log: then all that is there follows. */
export interface Gap {
  type: 'gap'
  after: Seq
  first: Seq
}

/** The answer to a frame with this `id`. */
export interface Reply {
  type: 'reply'
  id: string
  result: unknown
}

/**
 * The agent waits for what this client registered. Live only, without `seq`; sent again whenever the client comes back,
 * until it is answered.
 */
export type DirectedAsk = {
  type: 'ask'
  ask: string
  /** The name that the client has registered. */
  client: string
} & ({ kind: 'hook'; data: HookAskData } | { kind: 'mcp'; data: McpAskData })

/** Nobody waits for an ask any more that was sent to this client. */
export interface AskCancelled {
  type: 'ask_cancelled'
  ask: string
  client: string
}

/** From the agent to an MCP server that runs in this client: a notification, or the response to a request of it. */
export interface McpMessageDown {
  type: 'mcp_message'
  client: string
  server: string
  message: McpMessage
}

/** A sign of life, every 15 s, and the answer to a client's own. */
export interface HeartbeatFrame {
  type: 'heartbeat'
}

/** Everything that a server sends on `WS /sessions/:id/ws`. */
export type SessionDown =
  | SessionConnected
  | CaughtUp
  | Gap
  | Reply
  | DirectedAsk
  | AskCancelled
  | McpMessageDown
  | HeartbeatFrame
  | ErrorFrame
  | SessionEvent

/** The process is there, and so many bytes of its stdin have come. */
export interface Opened {
  type: 'opened'
  received: number
}

/** So many bytes have come, from the start of the process on; they need not be kept any more. Both sides say it. */
export interface Received {
  type: 'received'
  bytes: number
}

/** What the process wrote to stderr; while the line was down, the last of it. */
export interface Stderr {
  type: 'stderr'
  data: string
}

/** The process has ended, after so many bytes of stdout. */
export interface Exit {
  type: 'exit'
  bytes: number
  code: number | null
  signal: string | null
}

/** Everything that a server sends on a process socket, beside binary frames with bytes of stdout. */
export type ProcessDown = Opened | Received | Stderr | Exit | HeartbeatFrame | ErrorFrame

/** A request for the model, for a client that parked its socket. With `hasBody` binary frames follow, then `end`. */
export interface ModelRequest {
  type: 'request'
  id: string
  method: string
  /** With its query. */
  path: string
  headers: Record<string, string>
  hasBody: boolean
}

/** Nothing more comes: of the answer, from a client; of the request's body, from the server. */
export interface End {
  type: 'end'
}

/** Nobody waits for the answer any more; the request's body is over too. */
export interface CancelRequest {
  type: 'cancel'
}

/** Everything that a server sends on `WS /model`, beside binary frames. */
export type ModelDown = Connected | ModelRequest | End | CancelRequest | HeartbeatFrame | ErrorFrame
