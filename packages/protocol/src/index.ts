// versions
export { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from './version.ts'
// messages
export type {
  Answer,
  Auth,
  Cancel,
  Heartbeat,
  Interrupt,
  PlainUp,
  SessionUp,
  UserMessage,
  UserMessageInput,
} from './up.ts'
export type {
  CaughtUp,
  Connected,
  ErrorFrame,
  Gap,
  HeartbeatFrame,
  Info,
  PlainDown,
  Reply,
  SdkMessage,
  SessionConnected,
  SessionDown,
} from './down.ts'
// events
export type {
  AgentExitedEvent,
  AgentStartedEvent,
  AskEvent,
  AskSettledEvent,
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
// HTTP
export type {
  CreateSessionRequest,
  MessageAccepted,
  MessageCancelled,
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
export type { Health } from './health.ts'
// errors
export type { ErrorBody, ErrorCode, ErrorFields, ErrorKind } from './errors.ts'
export { AgentServerError, ERRORS, parseErrorBody } from './errors.ts'
export type { CloseCode } from './close-codes.ts'
export { CLOSE_CODES } from './close-codes.ts'
