// sessions
export { AgentServer, connect } from './session/server.ts'
export { Session } from './session/session.ts'
export { PromptError } from './session/prompt.ts'
export type {
  Ask,
  AskTypes,
  ClientEvent,
  EventsOptions,
  EventStream,
  ExportOptions,
  ImportOptions,
  ListSessionsOptions,
  ListTranscriptsOptions,
  Prompt,
  SendOptions,
  ServerOptions,
  SessionHandlers,
} from './session/types.ts'
export type { ClientIdentity, ServedHookMatcher, ServeOptions, Serving } from './serving/types.ts'
export type {
  AnswerAccepted,
  AskKind,
  AskResult,
  AwayPolicy,
  CreateSessionRequest,
  Cursor,
  ForkRequest,
  Health,
  MessageAccepted,
  MessageCancelled,
  PromptOutcome,
  SessionEvent,
  SessionInfo,
  SessionLimits,
  SessionList,
  SessionStatus,
  SessionUpdate,
  SessionUsage,
  TranscriptInfo,
  TranscriptMessage,
} from '@claude-agent/protocol'
export { formatCursor, isLogged, parseCursor } from '@claude-agent/protocol'
// the SDK's query(), over the network
export { query } from './query/query.ts'
export { AbortError } from './query/abort-error.ts'
export type { RemoteOptions, RemoteQueryOptions } from './query/query.ts'
export type { QueryRequest } from './session/server.ts'
// the client of the plain layer
export { ClaudeAgentClient } from './client.ts'
// the model by way of this client
export { serveModel } from './model/serve-model.ts'
export type { ModelServer, ModelService, ServeModelOptions } from './model/serve-model.ts'
// its types
export { FilesystemEventType } from './types.ts'
export type {
  CallOptions,
  ClientOptions,
  ConnectionState,
  EngineName,
  EntryInfo,
  FileData,
  FilesystemEvent,
  ListOptions,
  McpRemoteServerConfig,
  QueryConfig,
  RemoveOptions,
  SandboxOptions,
  WatchHandle,
  WatchOptions,
  WSInputMessage,
  WSOutputMessage,
} from './types.ts'
export type { Progress, Sandbox, SandboxProvider } from '@claude-agent/sandbox'
// errors
export { AgentServerError } from '@claude-agent/protocol'
export type { ErrorCode } from '@claude-agent/protocol'
