/** What the tests look at in a message of the SDK; which of it is there depends on the type. */
export interface SdkMessage {
  type: string
  subtype?: string
  uuid: string
  message: { content: { type: string; text?: string }[] }
  result: string
  is_error?: boolean
  cwd?: string
  permissionMode?: string
}

/** A frame as it came, of whatever type. */
export interface Frame {
  type: string
  data?: SdkMessage
  error?: string
  code?: string
  hint?: string
  retryAfterMs?: number
}
