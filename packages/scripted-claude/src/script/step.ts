import type { ApiErrorOptions } from '../errors.ts'

/** How the deltas of one block leave the server. */
export interface Pace {
  /** Characters per delta; text is never cut inside a surrogate pair. @default 32 */
  deltaSize?: number
  /** Deltas per second, each due at a fixed time after the first (no drift). @default as fast as the client reads */
  deltasPerSecond?: number
}

/** Says text. Text steps that follow each other go on in the same content block. */
export interface TextStep {
  /** The text, or in code a function of the repetition (from 0). */
  text: string | ((repetition: number) => string)
  /** Says the text this often, each repetition in a delta of its own whatever its size. */
  repeat?: number
  /** What one repetition becomes: a delta, or a content block of its own. @default 'delta' */
  each?: 'delta' | 'block'
  pace?: Pace
}

/** Thinks aloud: a `thinking` block, closed by its signature. */
export interface ThinkingStep {
  thinking: string
  /** @default a made-up signature */
  signature?: string
  pace?: Pace
}

/** Calls a tool; the input is streamed as partial JSON. The `stop_reason` becomes `tool_use`. */
export interface ToolUseStep {
  toolUse: {
    name: string
    input?: Record<string, unknown>
    /** @default a new `toolu_…` id */
    id?: string
  }
  pace?: Pace
}

/** Waits, in milliseconds. Before the first content it holds back the response's headers too. */
export interface DelayStep {
  delayMs: number
}

/** Sends a `ping` event. One is always sent after the start of the first block, as the API does. */
export interface PingStep {
  ping: true
}

/** Fails: as HTTP status before any content, as an SSE `error` event after it. Ends the answer. */
export interface ErrorStep {
  error: ApiErrorOptions
}

/** Breaks the connection, with the open block unfinished (`true`) or half an event on the wire. */
export interface CutStep {
  cut: true | 'mid-event'
}

/** Says nothing more and keeps the connection until the client goes or the server is closed. */
export interface HangStep {
  hang: true
}

export type StopReason =
  | 'end_turn'
  | 'max_tokens'
  | 'stop_sequence'
  | 'tool_use'
  | 'pause_turn'
  | 'refusal'
  | 'model_context_window_exceeded'

/** Overrides the `stop_reason`. */
export interface StopReasonStep {
  stopReason: StopReason
  /** @default null */
  stopSequence?: string
}

/** Token counts as the API reports them. */
export interface Usage {
  input_tokens: number
  output_tokens: number
  cache_creation_input_tokens: number
  cache_read_input_tokens: number
}

/** Overrides token counts; before the first content it shows in `message_start` too. */
export interface UsageStep {
  usage: Partial<Usage>
}

/** One thing that the scripted model does. A step is known by its one main field. */
export type Step =
  | TextStep
  | ThinkingStep
  | ToolUseStep
  | DelayStep
  | PingStep
  | ErrorStep
  | CutStep
  | HangStep
  | StopReasonStep
  | UsageStep
