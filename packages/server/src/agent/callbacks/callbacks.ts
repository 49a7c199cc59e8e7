import type { HookJSONOutput } from '@anthropic-ai/claude-agent-sdk'
import type { HookAskData, McpAskData, McpMessage, McpReply, Registration } from '@claude-agent/protocol'

/** A client that serves an agent, for as long as the agent lives. */
export interface ServingClient {
  /** Hash of its secret, by which it is known. */
  owner: string
  registration: Registration
}

/** What an agent asks of the clients that serve it. */
export interface Callbacks {
  /** Those whose hooks and servers the next agent is started with. */
  readonly clients: readonly ServingClient[]
  /** Has a hook run. @throws what the hook threw */
  runHook(owner: string, ask: HookAsk, signal: AbortSignal): Promise<HookJSONOutput>
  /** Puts a request to an MCP server of a client. Never rejects. */
  request(owner: string, data: McpAskData, signal: AbortSignal): Promise<McpReply>
  /** Hands a notification or a response to an MCP server of a client, if it is there. */
  tell(owner: string, server: string, message: McpMessage): void
  /** Where the messages of an MCP server of a client go, from now on. */
  listen(owner: string, server: string, hear: (message: McpMessage) => void): void
}

/** A hook, and what holds for it. */
export interface HookAsk {
  data: HookAskData
  timeoutMs: number
  whenAway: 'open' | 'closed'
}
