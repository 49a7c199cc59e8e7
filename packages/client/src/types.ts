import type { McpHttpServerConfig, McpSSEServerConfig } from '@anthropic-ai/claude-agent-sdk'
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

/** The client's own options. Every other option is of the query: it goes to the server with `start()`. */
export interface ClientOptions extends Loose<QueryConfig> {
  /** Address of the server: http, https, ws or wss, with a path prefix where a proxy needs one. */
  connectionUrl?: string | undefined
  /** The server's `CLAUDE_AGENT_TOKEN`. */
  token?: string | undefined
  /** How long one attempt to connect may take, in milliseconds. @default 15000 */
  connectTimeoutMs?: number | undefined
  /** Lifetime of a sandbox in milliseconds. When given, an attempt to connect takes no longer than this either. @default 300000 */
  timeoutMs?: number | undefined
  /** Connect again after a connection is lost. @default true */
  reconnect?: boolean | undefined
  /** Write what the client does to `console.debug`: never a token, a key or a message. @default false */
  debug?: boolean | undefined
  /** Not supported yet: pass `connectionUrl`. */
  e2bApiKey?: string | undefined
  /** Not supported yet: pass `connectionUrl`. @default 'claude-agent-server' */
  template?: string | undefined
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
