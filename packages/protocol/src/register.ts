import type { HookEvent, HookInput, HookJSONOutput, McpSdkServerConfig } from '@anthropic-ai/claude-agent-sdk'

/**
 * What becomes of a hook whose client is away for longer than is waited for. `closed`: what the hook guards is refused,
 * with a reason. `open`: as if there were no hook.
 */
export type AwayPolicy = 'open' | 'closed'

/** Every event of the SDK that has hooks, and what holds for one that says nothing about `whenAway`. */
export const AWAY_POLICIES = {
  PreToolUse: 'closed',
  PostToolUse: 'open',
  PostToolUseFailure: 'open',
  PostToolBatch: 'open',
  Notification: 'open',
  UserPromptSubmit: 'closed',
  UserPromptExpansion: 'open',
  SessionStart: 'open',
  SessionEnd: 'open',
  Stop: 'open',
  StopFailure: 'open',
  SubagentStart: 'open',
  SubagentStop: 'open',
  PreCompact: 'open',
  PostCompact: 'open',
  PreModelSwitch: 'open',
  PostModelSwitch: 'open',
  PermissionRequest: 'closed',
  PermissionDenied: 'open',
  Setup: 'open',
  TeammateIdle: 'open',
  TaskCreated: 'open',
  TaskCompleted: 'open',
  Elicitation: 'open',
  ElicitationResult: 'open',
  ConfigChange: 'open',
  WorktreeCreate: 'open',
  WorktreeRemove: 'open',
  InstructionsLoaded: 'open',
  CwdChanged: 'open',
  FileChanged: 'open',
  DirectoryAdded: 'open',
  MessageDisplay: 'open',
} as const satisfies Record<HookEvent, AwayPolicy>

/** How long the agent waits for a client that is away, in milliseconds, when it does not say; and the longest. */
export const OWNER_TIMEOUT_MS = 300_000
export const MAX_OWNER_TIMEOUT_MS = 86_400_000

/** Callbacks of one matcher, by the ids that the client gave them: the SDK's `HookCallbackMatcher` without its code. */
export interface RegisteredHooks {
  matcher?: string
  /** Seconds, as the SDK has it. @default 600 */
  timeout?: number
  onFailure?: 'continue' | 'block'
  callbacks: string[]
  /** @default that of `AWAY_POLICIES` */
  whenAway?: AwayPolicy
}

/**
 * An MCP server that runs in a client, as the agent's process is told of it: what it answers to the requests of these
 * names, so that those need no client. Everything else goes to the client.
 */
export interface RegisteredMcpServer extends Pick<McpSdkServerConfig, 'timeout' | 'tools'> {
  initialize: McpInitializeResult
  lists: McpLists
}

/** The result of MCP's `initialize`. */
export interface McpInitializeResult {
  protocolVersion: string
  capabilities: Record<string, unknown>
  serverInfo: { name: string; version: string }
  instructions?: string
}

/** What an MCP server has, whole; absent where it has no such capability. */
export interface McpLists {
  tools?: ({ name: string; inputSchema: { type: 'object' } } & Record<string, unknown>)[]
  resources?: ({ name: string; uri: string } & Record<string, unknown>)[]
  resourceTemplates?: ({ name: string; uriTemplate: string } & Record<string, unknown>)[]
  prompts?: ({ name: string } & Record<string, unknown>)[]
}

/** What a client serves to the agent of a session. Without hooks and servers: nothing. */
export interface Registration {
  hooks?: Partial<Record<HookEvent, RegisteredHooks[]>>
  mcpServers?: Record<string, RegisteredMcpServer>
  /** How long the agent waits for the client while it is away, in milliseconds. @default 300000 */
  ownerTimeoutMs?: number
}

/**
 * Announces what this client serves, in place of what it had announced. Who gave the name of a client its first secret
 * owns it, and can come back as itself. The `reply` is a `Registered`.
 */
export interface Register extends Registration {
  type: 'register'
  id?: string
  /** 1 to 100 printable characters. */
  client: string
  /** 16 to 200 characters, drawn at random; only its hash is kept. */
  secret: string
}

/** The registration is durable, and what the agent asks comes to this socket. */
export interface Registered {
  client: string
  /** The asks that wait for this client; each is sent again right after this. What is not among them waits no more. */
  asks: string[]
}

/** A hook of the agent, for the client that registered its callback. */
export interface HookAskData {
  event: HookEvent
  callback: string
  input: HookInput
  toolUseID?: string
}

/** A request of the agent to an MCP server that runs in a client. */
export interface McpAskData {
  server: string
  method: string
  params?: Record<string, unknown>
}

/** What answers an MCP request: its result, or its error. */
export type McpReply =
  | { result: Record<string, unknown> }
  | { error: { code: number; message: string; data?: unknown } }

/** What answers an ask for one client; `error` in place of it where the hook threw, or the server could not be asked. */
export type DirectedResult = HookJSONOutput | McpReply

/** A message of JSON-RPC that is no request to a client's server: a notification, a request to the agent, a response. */
export type McpMessage = { jsonrpc: '2.0' } & Record<string, unknown>
