import type { McpHttpServerConfig, McpSSEServerConfig } from '@anthropic-ai/claude-agent-sdk'
import type { CreateOptions, Progress, SandboxProvider } from '@claude-agent/sandbox'
import type { AgentServerError, Interrupt, PlainDown, QueryConfig, UserMessage } from '@claude-agent/protocol'

export type { QueryConfig } from '@claude-agent/protocol'

/** What a client sends. */
export type WSInputMessage = UserMessage | Interrupt

/** What a client receives. */
export type WSOutputMessage = PlainDown

/** An MCP server that the agent reaches over the network. */
export type McpRemoteServerConfig = McpHttpServerConfig | McpSSEServerConfig

/** The same fields, each of which may be left out or be undefined. */
type Loose<T> = { [K in keyof T]?: T[K] | undefined }

/** The engines that come with the client. */
export type EngineName = 'e2b' | 'docker' | 'local'

/** The client's own options. Every other option is of the query: it goes to the server with `start()`. */
export interface ClientOptions extends Omit<Loose<QueryConfig>, 'sandbox'>, SandboxOptions {
  /** Address of a server that runs: http, https, ws or wss, with a path prefix where a proxy needs one. No sandbox is made then. */
  connectionUrl?: string | undefined
  /** The `CLAUDE_AGENT_TOKEN` of the server at `connectionUrl`. A sandbox has one of its own. */
  token?: string | undefined
  /** How long one attempt to connect may take, in milliseconds. @default 15000 */
  connectTimeoutMs?: number | undefined
  /** Connect again after a connection is lost. @default true */
  reconnect?: boolean | undefined
  /** Write what the client does to `console.debug`: never a token, a key or a message. @default false */
  debug?: boolean | undefined
  /**
   * Who makes the requests to the model: the server, with a key that it holds, or this client, with a key that never
   * leaves it. A server at `connectionUrl` must have been started with `CLAUDE_AGENT_BROKER=client` for the second.
   * @default 'server'
   */
  broker?: 'server' | 'client' | undefined
  /** Where the model is, other than at Anthropic. Not for `connectionUrl` with the broker of the server. @default `ANTHROPIC_BASE_URL`, where the key too is of the environment */
  anthropicBaseUrl?: string | undefined
}

/** Where the sandbox of a client comes from and what it is like. */
export interface SandboxOptions {
  /** The engine that runs the sandbox; or, as an option of the query, the SDK's settings of how commands are confined. @default 'e2b' */
  sandbox?: EngineName | SandboxProvider | QueryConfig['sandbox'] | undefined
  /** @default `E2B_API_KEY` of the environment */
  e2bApiKey?: string | undefined
  /** The image or template that the sandbox is made from. @default 'claude-agent-server' */
  template?: string | undefined
  /** Lifetime of the sandbox in milliseconds. When given, an attempt to connect takes no longer than this either. @default 300000 */
  timeoutMs?: number | undefined
  /** What becomes of the sandbox when its time is over. @default 'kill' */
  onTimeout?: CreateOptions['onTimeout'] | undefined
  /** Give the sandbox its time anew, at each third of it, from `start()` on until `stop()`, `detach()` or `pause()`. @default true */
  keepAlive?: boolean | undefined
  /** Words of your own by which the engine's `list` finds the sandbox. Not for secrets. */
  metadata?: CreateOptions['metadata'] | undefined
  /** Cores, memory and processes of the sandbox. */
  resources?: CreateOptions['resources'] | undefined
  /** Whether the sandbox reaches the internet, and what the engine adds to its requests. */
  network?: CreateOptions['network'] | undefined
  /** Further variables of the environment of the server in the sandbox, its secrets included. */
  envs?: CreateOptions['envs'] | undefined
  /** The id of a sandbox to come back to, paused or not, instead of making one. `stop()` ends it as one of the client's own. */
  resume?: string | undefined
  /** How long the engine may take to make the sandbox or to bring it back, in milliseconds without a word of progress. @default 120000 */
  startTimeoutMs?: number | undefined
  /** Hears what is being done while a sandbox is made. */
  onProgress?: ((progress: Progress) => void) | undefined
}

/** Where the connection is in its life. */
export interface ConnectionState {
  status: 'connecting' | 'connected' | 'reconnecting' | 'closed'
  /** Why it is not connected; absent before `start()` and after `stop()`. */
  error?: AgentServerError
  /** Milliseconds until the next attempt; absent while one is under way. */
  retryInMs?: number
}

/** What can happen to a file. */
export const FilesystemEventType = {
  CHMOD: 'chmod',
  CREATE: 'create',
  REMOVE: 'remove',
  RENAME: 'rename',
  WRITE: 'write',
} as const

export type FilesystemEventType = (typeof FilesystemEventType)[keyof typeof FilesystemEventType]

/** A change below a watched directory. */
export interface FilesystemEvent {
  /** Path relative to the watched directory. */
  name: string
  /** Path relative to the workspace. */
  path: string
  type: FilesystemEventType
}

/** A running watch. */
export interface WatchHandle {
  /** Ends the watch; no event comes after it. May be called again. */
  stop(): Promise<void>
}

/** One entry of a directory. */
export interface EntryInfo {
  name: string
  /** Relative to the workspace; every method that takes a path takes it. */
  path: string
  type: 'file' | 'dir' | 'symlink'
  /** Bytes. */
  size: number
  /** Permission bits, e.g. 0o644. */
  mode: number
  modifiedTime: Date
}

/** What `writeFile` takes. A stream is sent as it comes on Node, Bun and Deno; a browser collects it first. */
export type FileData = string | Blob | Uint8Array | ReadableStream<Uint8Array>

/** Ends a call early; it then rejects with the signal's reason. */
export interface CallOptions {
  signal?: AbortSignal | undefined
}

export interface ListOptions extends CallOptions {
  /** Levels below the path; 1 is its own entries. @default 1 */
  depth?: number | undefined
}

export interface RemoveOptions extends CallOptions {
  /** Remove a directory with all that is in it. @default false */
  recursive?: boolean | undefined
}

export interface WatchOptions {
  /** Watch the directories below too. @default false */
  recursive?: boolean | undefined
  /** Called once when the watch ends: with the error that ended it, or with nothing after `stop()`. */
  onExit?: ((error?: Error) => void) | undefined
}
