import type { HookCallbackMatcher, HookEvent } from '@anthropic-ai/claude-agent-sdk'
import type { McpSdkServerConfigWithInstance } from '@anthropic-ai/claude-agent-sdk'
import type { AgentServerError, AwayPolicy } from '@claude-agent/protocol'

/** A client as it is known to the server: kept and given again, it comes back as itself. */
export interface ClientIdentity {
  /** A name, 1 to 100 printable characters. Others are told it. */
  id: string
  /** 16 to 200 characters that nobody can guess. */
  secret: string
}

/** The SDK's callbacks of one matcher, and what becomes of them while this client is away. */
export interface ServedHookMatcher extends HookCallbackMatcher {
  /**
   * When this client is away for longer than `ownerTimeoutMs`. `closed`: what the hook guards is refused. `open`: as if
   * there were no hook.
   * @default 'closed' for PreToolUse, PermissionRequest and UserPromptSubmit, 'open' for all others
   */
  whenAway?: AwayPolicy | undefined
}

/** What runs in this process, for the agent of a session. */
export interface ServeOptions {
  /** @default the name of this client, and a random secret */
  client?: ClientIdentity | undefined
  /** The SDK's option of this name. */
  hooks?: Partial<Record<HookEvent, ServedHookMatcher[]>> | undefined
  /** The in-process servers of the SDK's option of this name, as `createSdkMcpServer()` makes them. */
  mcpServers?: Record<string, McpSdkServerConfigWithInstance> | undefined
  /** How long the agent waits for this client while it is away, in milliseconds. @default 300000 */
  ownerTimeoutMs?: number | undefined
  /** Ends it, as `close()` does. */
  signal?: AbortSignal | undefined
}

/** What `serve()` has begun. */
export interface Serving {
  /** Give it to `serve()` after a crash of this process, to come back as the same client. */
  readonly client: ClientIdentity
  /** Resolves when nothing is served any more; with the error where that was not `close()` or `detach()`. */
  readonly ended: Promise<AgentServerError | undefined>
  /**
   * Ends it: the agent has these hooks and servers no more from its next turn on. What runs is aborted. Where the server
   * cannot be reached it is not told.
   */
  close(): Promise<void>
  /** Lets go without a word: the agent waits for this client to come back, as after a crash. */
  detach(): void
}
