/** How an error code shows itself: HTTP status, WebSocket close code where the socket ends, and whether trying again can help. */
export interface ErrorKind {
  readonly status: number
  readonly close?: number
  readonly retry: boolean
  readonly summary: string
}

/** Every error code of the product. `docs/errors.md` documents each; a test holds it to that. */
export const ERRORS = {
  // the frame or the request itself
  invalid_json: { status: 400, retry: false, summary: 'The body or frame is not JSON.' },
  invalid_message: { status: 400, retry: false, summary: 'A frame of a known type has a wrong field.' },
  unknown_type: {
    status: 400,
    retry: false,
    summary: 'The frame has a type that this server does not know.',
  },
  binary_frame: { status: 400, retry: false, summary: 'Frames are text; a binary one was sent.' },
  frame_too_large: { status: 413, retry: false, summary: 'A frame is over the size limit.' },
  body_too_large: { status: 413, retry: false, summary: 'A request body is over the size limit.' },
  invalid_request: {
    status: 400,
    retry: false,
    summary: 'A query parameter, header or body field is wrong.',
  },
  not_found: { status: 404, retry: false, summary: 'There is nothing at this address.' },
  // configuration of the query
  invalid_config: { status: 400, retry: false, summary: 'A field of the query configuration is wrong.' },
  option_refused: { status: 400, retry: false, summary: 'The option may not be set from outside.' },
  // who may speak
  unauthorized: { status: 401, close: 4401, retry: false, summary: 'The token is missing or wrong.' },
  sealed: { status: 503, retry: true, summary: 'The sandbox was not given its token yet.' },
  auth_timeout: { status: 408, close: 4408, retry: true, summary: 'No `auth` frame came in time.' },
  origin_refused: { status: 403, retry: false, summary: 'A web page of this origin may not speak.' },
  host_refused: { status: 403, retry: false, summary: 'The Host header names a host that is not listed.' },
  already_connected: {
    status: 409,
    close: 4409,
    retry: true,
    summary: 'Another client holds the connection.',
  },
  too_many_connections: {
    status: 429,
    close: 4429,
    retry: true,
    summary: 'The limit of sockets is reached.',
  },
  uuid_conflict: { status: 409, retry: false, summary: 'Another prompt with this uuid was accepted before.' },
  queue_full: { status: 429, retry: true, summary: 'Too many prompts wait.' },
  // sessions
  session_not_found: { status: 404, close: 4404, retry: false, summary: 'No session has this id.' },
  session_deleted: { status: 410, close: 4404, retry: false, summary: 'The session was deleted.' },
  session_conflict: {
    status: 409,
    retry: false,
    summary: 'A session with this id exists, with other options.',
  },
  too_many_sessions: { status: 429, retry: true, summary: 'The limit of sessions is reached.' },
  credentials_required: {
    status: 409,
    retry: false,
    summary: "The secrets of the session's options must be given again.",
  },
  budget_reached: { status: 409, retry: false, summary: 'The session has reached one of its limits.' },
  ask_not_found: { status: 404, retry: false, summary: 'The session has no such ask.' },
  already_settled: { status: 409, retry: false, summary: 'The ask was settled before.' },
  invalid_answer: { status: 400, retry: false, summary: 'The answer does not fit the ask.' },
  prompt_not_found: { status: 404, retry: false, summary: 'No prompt with this uuid was accepted.' },
  prompt_not_waiting: { status: 409, retry: false, summary: 'The prompt runs or has ended.' },
  lagged: { status: 408, close: 4499, retry: true, summary: 'The reader took nothing for too long.' },
  history_lost: {
    status: 500,
    retry: false,
    summary: 'The agent could not go on with the history that the session knows.',
  },
  // copies
  session_exists: { status: 409, retry: false, summary: 'A session with this id exists already.' },
  no_turn_end: { status: 409, retry: false, summary: 'No turn ended at this event.' },
  invalid_archive: { status: 400, retry: false, summary: 'The archive is damaged, or is none.' },
  transcript_not_found: { status: 404, retry: false, summary: 'The SDK knows no such conversation.' },
  transcript_in_use: { status: 409, retry: false, summary: 'A session has this conversation.' },
  // calls
  call_refused: { status: 400, retry: false, summary: 'The method may not be called from outside.' },
  call_failed: { status: 502, retry: false, summary: 'The agent refused the call, or ended during it.' },
  question_open: {
    status: 409,
    retry: true,
    summary: 'A question waits for its answer; the agent is not there until then.',
  },
  // what clients serve
  registration_conflict: {
    status: 409,
    retry: false,
    summary: 'Another client, or an option, has a server of this name; or there are too many clients.',
  },
  registration_too_large: {
    status: 413,
    retry: false,
    summary: 'What clients register is over the size limit.',
  },
  owner_mismatch: { status: 403, retry: false, summary: 'The name of the client has another secret.' },
  not_owner: { status: 403, retry: false, summary: 'The ask is for another client.' },
  not_registered: { status: 409, retry: false, summary: 'The socket has not registered as this client.' },
  // stdio
  driven_by_stdio: {
    status: 409,
    retry: false,
    summary: 'An SDK drives the session over `stdio`; other doors only read it.',
  },
  conversation_not_found: {
    status: 404,
    retry: false,
    summary: 'The session has no such conversation to resume.',
  },
  control_refused: { status: 400, retry: false, summary: 'A control request may not be made from outside.' },
  line_too_long: { status: 413, retry: false, summary: 'A line of the SDK is over the size limit.' },
  process_gone: { status: 410, retry: false, summary: 'The process that the client comes back to is gone.' },
  // the agent
  no_model_access: { status: 409, retry: false, summary: 'There is no key or other access to a model.' },
  agent_start_failed: { status: 502, retry: true, summary: 'The process of the agent did not start.' },
  agent_exited: { status: 502, retry: true, summary: 'The process of the agent ended by itself.' },
  prompt_interrupted: {
    status: 409,
    retry: false,
    summary: 'The prompt was interrupted, or taken back.',
  },
  storage_full: { status: 507, retry: true, summary: 'There is no room to write.' },
  server_stopping: { status: 503, close: 1012, retry: true, summary: 'The server shuts down.' },
  internal: { status: 500, retry: true, summary: 'A fault in the server.' },
  // files
  invalid_path: { status: 400, retry: false, summary: 'The path is empty, too long or has a NUL.' },
  path_outside_workspace: { status: 403, retry: false, summary: 'The path leads out of the workspace.' },
  path_not_found: { status: 404, retry: false, summary: 'Nothing is at this path.' },
  path_exists: { status: 409, retry: false, summary: 'Something is at this path already.' },
  path_denied: { status: 403, retry: false, summary: 'The system denied access to the path.' },
  not_a_file: { status: 409, retry: false, summary: 'The path is not a regular file.' },
  not_a_directory: { status: 409, retry: false, summary: 'The path is not a directory.' },
  directory_not_empty: {
    status: 409,
    retry: false,
    summary: 'The directory has entries; `recursive` was not asked.',
  },
  precondition_failed: { status: 412, retry: false, summary: '`If-Match` or `If-None-Match` does not hold.' },
  range_not_satisfiable: { status: 416, retry: false, summary: 'The byte range lies outside the file.' },
  file_too_large: { status: 413, retry: false, summary: 'The file is over the size limit.' },
  too_many_watches: { status: 429, close: 4429, retry: true, summary: 'The limit of watches is reached.' },
  // start of the server
  invalid_setting: { status: 500, retry: false, summary: 'A setting of the server is wrong.' },
  data_dir_in_use: { status: 500, retry: false, summary: 'Another server uses the data directory.' },
  port_in_use: { status: 500, retry: false, summary: 'The port is taken.' },
  // the client
  connect_failed: { status: 0, retry: true, summary: 'The server could not be reached.' },
  connect_timeout: { status: 0, retry: true, summary: 'The server did not answer in time.' },
  not_connected: { status: 0, retry: true, summary: 'The client is not connected.' },
  not_a_server: { status: 0, retry: false, summary: 'What answered is not a claude-agent-server.' },
  not_supported: {
    status: 0,
    retry: false,
    summary: 'This version, this platform or this engine cannot do it.',
  },
  error_result: { status: 0, retry: false, summary: 'The last result of a query() is an error.' },
  // sandboxes
  invalid_options: { status: 400, retry: false, summary: 'An option of a sandbox is wrong.' },
  sandbox_not_found: { status: 0, retry: false, summary: 'The sandbox is gone, or was never there.' },
  template_not_found: { status: 0, retry: false, summary: 'The engine has no such image or template.' },
  quota_exceeded: {
    status: 0,
    retry: true,
    summary: 'The engine does not give more sandboxes, or not of this size.',
  },
  engine_unreachable: {
    status: 0,
    retry: true,
    summary: 'The engine does not answer, or is not installed.',
  },
  start_failed: {
    status: 0,
    retry: false,
    summary: 'The sandbox was made, but its server did not start.',
  },
  start_timeout: {
    status: 0,
    retry: true,
    summary: 'The sandbox was not ready in time.',
  },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

/** The body of every HTTP error, and the fields of every `error` frame. `error` is a sentence with the value seen. */
export interface ErrorBody {
  error: string
  code: ErrorCode
  /** What to do about it. */
  hint?: string
  /** Milliseconds after which a retry is right. */
  retryAfterMs?: number
}

export interface ErrorFields {
  code: ErrorCode
  message: string
  hint?: string | undefined
  retryAfterMs?: number | undefined
  cause?: unknown
}

/** The one error class of the product: `code` for programs, `message` and `hint` for people. */
export class AgentServerError extends Error {
  override readonly name = 'AgentServerError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(fields: ErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.code = fields.code
    this.hint = fields.hint
    this.retryAfterMs = fields.retryAfterMs
  }

  /** What goes over the wire: never a stack, never the cause. */
  toJSON(): ErrorBody {
    return {
      error: this.message,
      code: this.code,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
    }
  }
}

/** The error that a JSON body or frame describes, or undefined when it is none of ours. */
export function parseErrorBody(body: unknown): AgentServerError | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { error, code, hint, retryAfterMs } = body as Record<string, unknown>
  if (typeof error !== 'string' || typeof code !== 'string' || !Object.hasOwn(ERRORS, code)) return undefined
  return new AgentServerError({
    code: code as ErrorCode,
    message: error,
    hint: typeof hint === 'string' ? hint : undefined,
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
  })
}
