import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { ErrorBody } from './errors.ts'

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
}

/** What the agent's process wrote to stderr. */
export interface Info {
  type: 'info'
  data: string
}

/** Everything that a server sends on `WS /ws`. */
export type PlainDown = Connected | SdkMessage | ErrorFrame | Info
