// versions
export { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from './version.ts'
// messages
export type {
  Answer,
  Auth,
  AuthCredential,
  Call,
  CallRequest,
  Cancel,
  Heartbeat,
  Interrupt,
  Kill,
  McpMessageUp,
  ModelError,
  ModelResponse,
  ModelUp,
  Open,
  Park,
  PlainUp,
  ProcessUp,
  SessionUp,
  UserMessage,
  UserMessageInput,
} from './up.ts'
export type {
  AskCancelled,
  CancelRequest,
  CaughtUp,
  Connected,
  DirectedAsk,
  End,
  ErrorFrame,
  Exit,
  Gap,
  HeartbeatFrame,
  Info,
  McpMessageDown,
  ModelDown,
  ModelRequest,
  Opened,
  PlainDown,
  ProcessDown,
  Received,
  Reply,
  SdkMessage,
  SessionConnected,
  SessionDown,
  Stderr,
} from './down.ts'
// events
export type {
  AgentExitedEvent,
  AgentStartedEvent,
  AskEvent,
  AskSettledEvent,
  CallMadeEvent,
  ClientRegisteredEvent,
  CopiedEvent,
  EphemeralEvent,
  ErrorEvent,
  InfoEvent,
  LoggedEvent,
  NewEvent,
  PromptEndedEvent,
  PromptOutcome,
  SdkMessageEvent,
  Seq,
  SessionEvent,
  SessionUpdatedEvent,
  StatusEvent,
  UserMessageEvent,
} from './event.ts'
export { isLogged } from './event.ts'
// copies of sessions, and transcripts of the SDK
export type {
  ForkRequest,
  TranscriptInfo,
  TranscriptList,
  TranscriptMessage,
  TranscriptPage,
} from './copy.ts'
export type { Cursor, EventPage } from './cursor.ts'
export { formatCursor, parseCursor } from './cursor.ts'
// asks
export type {
  AnswerAccepted,
  AnswerRequest,
  AskData,
  AskKind,
  AskOutcome,
  AskResult,
  CanUseToolData,
  OpenAsk,
} from './ask.ts'
// calls
export type { CallArguments, CallMethod, CallResult } from './call.ts'
export { CALL_METHODS } from './call.ts'
// what clients serve
export type {
  AwayPolicy,
  DirectedResult,
  HookAskData,
  McpAskData,
  McpInitializeResult,
  McpLists,
  McpMessage,
  McpReply,
  Register,
  Registered,
  RegisteredHooks,
  RegisteredMcpServer,
  Registration,
} from './register.ts'
export { AWAY_POLICIES, MAX_OWNER_TIMEOUT_MS, OWNER_TIMEOUT_MS } from './register.ts'
// HTTP
export type {
  CreateSessionRequest,
  MessageAccepted,
  MessageCancelled,
  ProcessReleased,
  SessionInfo,
  SessionLimits,
  SessionList,
  SessionStatus,
  SessionUpdate,
  SessionUsage,
  UsageTotals,
} from './session.ts'
export type { ConfigResponse, ConfigStored, QueryConfig, RemoteOption } from './query-config.ts'
export { REDACTED, REMOTE_OPTIONS } from './query-config.ts'
export type {
  FileEntry,
  FileList,
  MakeDirectoryRequest,
  MoveRequest,
  WatchEvent,
  WatchReady,
} from './files.ts'
export type { Health, MirrorHealth } from './health.ts'
export type { Lease } from './lease.ts'
export { MAX_LEASE_MS, MIN_LEASE_MS } from './lease.ts'
// errors
export type { ErrorBody, ErrorCode, ErrorFields, ErrorKind } from './errors.ts'
export { AgentServerError, ERRORS, parseErrorBody } from './errors.ts'
export type { CloseCode } from './close-codes.ts'
export { CLOSE_CODES } from './close-codes.ts'
