// the client
export { ClaudeAgentClient } from './client.ts'
// its types
export { FilesystemEventType } from './types.ts'
export type {
  CallOptions,
  ClientOptions,
  ConnectionState,
  EntryInfo,
  FileData,
  FilesystemEvent,
  ListOptions,
  McpRemoteServerConfig,
  QueryConfig,
  RemoveOptions,
  WatchHandle,
  WatchOptions,
  WSInputMessage,
  WSOutputMessage,
} from './types.ts'
// errors
export { AgentServerError } from '@claude-agent/protocol'
export type { ErrorCode } from '@claude-agent/protocol'
