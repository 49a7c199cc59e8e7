/** The error types of Anthropic's Messages API. */
export type ApiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'api_error'
  | 'timeout_error'
  | 'overloaded_error'

const typeByStatus: Record<number, ApiErrorType> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  405: 'invalid_request_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

const messageByType: Record<ApiErrorType, string> = {
  invalid_request_error: 'Invalid request',
  authentication_error: 'invalid x-api-key',
  billing_error: 'Your credit balance is too low to access the Anthropic API',
  permission_error: 'Your API key does not have permission to use the specified resource',
  not_found_error: 'Not found',
  request_too_large: 'Request exceeds the maximum size',
  rate_limit_error: 'This request would exceed your rate limit',
  api_error: 'Internal server error',
  timeout_error: 'Request timed out',
  overloaded_error: 'Overloaded',
}

/** How an answer that is an error looks on the wire; everything but `status` has a default. */
export interface ApiErrorOptions {
  /** HTTP status, 400 to 599. */
  status: number
  /** @default the type that Anthropic's API uses for this status; `api_error` for any other */
  type?: ApiErrorType
  /** @default a sentence that Anthropic's API uses for this type */
  message?: string
  /** Sent as the header `retry-after`, in seconds. @default no header */
  retryAfterSeconds?: number
  /** Further response headers, for example `{'x-should-retry': 'false'}`. */
  headers?: Record<string, string>
}

/** An error in the shape of Anthropic's API: thrown inside the server, written to the wire by its edge. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly type: ApiErrorType
  readonly headers: Record<string, string>

  constructor(options: ApiErrorOptions) {
    const type = options.type ?? typeByStatus[options.status] ?? 'api_error'
    super(options.message ?? messageByType[type])
    this.status = options.status
    this.type = type
    this.headers = { ...options.headers }
    if (options.retryAfterSeconds !== undefined) {
      this.headers['retry-after'] = String(options.retryAfterSeconds)
    }
  }

  /** The JSON body: `{type: 'error', error: {type, message}, request_id}`. */
  toBody(requestId: string): object {
    return { type: 'error', error: { type: this.type, message: this.message }, request_id: requestId }
  }
}

/** Refuses a request as invalid, naming what is wrong. */
export function invalidRequest(message: string): ApiError {
  return new ApiError({ status: 400, message })
}

/** An error of the API as it is; anything else as a script whose code failed: said so that clients do not try again. */
export function scriptFailure(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const message = `scripted-claude: the script failed: ${error instanceof Error ? error.message : String(error)}`
  return new ApiError({ status: 400, message, headers: { 'x-should-retry': 'false' } })
}

/** What can go wrong with the scripted server itself, as opposed to the errors that it plays. */
export type ScriptedClaudeErrorCode =
  | 'invalid_script'
  | 'unreadable_script'
  | 'invalid_option'
  | 'cannot_listen'
  | 'invalid_cassette'
  | 'unreadable_cassette'
  | 'unwritable_cassette'
  | 'incomplete_cassette'
  | 'secret_in_cassette'
  | 'unmatched_requests'
  | 'unused_recordings'

/** An error of this package itself: a script, cassette or option that cannot work, a port that cannot be had, a failed assertion. */
export class ScriptedClaudeError extends Error {
  override readonly name = 'ScriptedClaudeError'
  readonly code: ScriptedClaudeErrorCode
  /** What to do about it, in one sentence. */
  readonly hint: string

  constructor(options: { code: ScriptedClaudeErrorCode; message: string; hint: string; cause?: unknown }) {
    super(options.message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = options.code
    this.hint = options.hint
  }
}
