import type { Seq } from './event.ts'
import type { SessionUpdate } from './session.ts'

/** `POST /sessions/:id/fork` */
export interface ForkRequest extends Pick<SessionUpdate, 'title' | 'metadata' | 'options'> {
  /** Letters, digits, `-` and `_`, at most 64; makes the request safe to repeat. Drawn by the server when absent. */
  id?: string
  /**
   * The last event that the fork has: the end of a turn, or one behind it while no prompt waits or runs.
   * @default the last such event
   */
  at?: Seq
}

/** A conversation as the SDK knows it: an entry of `GET /transcripts`. */
export interface TranscriptInfo {
  sdkSessionId: string
  /** Its title, its summary, or its first prompt. */
  summary: string
  /** Milliseconds since 1970. */
  lastModified: number
  createdAt?: number
  bytes?: number
  firstPrompt?: string
  /** The session that it belongs to; absent when none does. */
  session?: string
}

/** `GET /transcripts` */
export interface TranscriptList {
  /** The ones that were changed last come first. */
  transcripts: TranscriptInfo[]
  /** Give it as `after` to get the next page; absent on the last one. */
  next?: string
}

/** A message of a transcript, as the SDK's `getSessionMessages()` gives it. */
export interface TranscriptMessage {
  type: string
  uuid: string
  session_id: string
  message: unknown
  parent_tool_use_id: string | null
}

/** `GET /transcripts/:sdkSessionId` */
export interface TranscriptPage {
  sdkSessionId: string
  messages: TranscriptMessage[]
  next?: string
}
