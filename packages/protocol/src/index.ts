// versions
export { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from './version.ts'
// messages
export type { Auth, Interrupt, PlainUp, UserMessage, UserMessageInput } from './up.ts'
export type { Connected, ErrorFrame, Info, PlainDown, SdkMessage } from './down.ts'
// HTTP
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
