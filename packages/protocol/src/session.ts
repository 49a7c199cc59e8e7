import type { AskKind, OpenAsk } from './ask.ts'
import type { QueryConfig } from './query-config.ts'

/**
 * What a session does. `idle`: it waits for a prompt. `queued`: prompts wait, for a process or for a limit to be raised.
 * `running`: a turn runs. `requires_action`: somebody must answer an ask. `credentials_required`: the secrets of its
 * options were lost with the server's last process; create it again with the same options. `failed`: the agent could
 * not be started for the last prompt; the next one tries again. `closed`: it was deleted.
 */
export type SessionStatus =
  | 'idle'
  | 'queued'
  | 'running'
  | 'requires_action'
  | 'credentials_required'
  | 'failed'
  | 'closed'

/** Caps of a session over its whole life, restarts included. At one of them it refuses prompts with `budget_reached`. */
export interface SessionLimits {
  maxCostUsd?: number
  /** Input, cache and output tokens of all models together. */
  maxTokens?: number
  /** Prompts that were run. */
  maxTurns?: number
  /** Milliseconds in which turns ran. */
  maxWallMs?: number
}

/** What models were used for, as the SDK counts it. */
export interface UsageTotals {
  costUsd: number
  inputTokens: number
  outputTokens: number
  cacheReadInputTokens: number
  cacheCreationInputTokens: number
}

/** What a session has used so far, from the SDK's own results. */
export interface SessionUsage extends UsageTotals {
  /** Prompts that have ended, but for cancelled ones. */
  turns: number
  /** Milliseconds in which turns ran. */
  wallMs: number
}

/** What may be set of a session at any time. */
export interface SessionUpdate {
  title?: string
  metadata?: Record<string, string>
  limits?: SessionLimits
  /** Milliseconds after which an ask that nobody answered is declined; 0 for never. @default 0 */
  askTimeoutMs?: number
  /**
   * Somebody can answer: the agent's asks (permissions, questions, elicitations) are sent to the clients; or only those
   * of some kinds. Of the others the agent decides by its permission mode alone, as the SDK without that callback. @default true
   */
  interactive?: boolean | AskKind[]
  /**
   * How a question to the user waits for its answer. `defer`: its turn ends for now, and needs no process until then, so
   * that it survives the server. `hold`: in the process and in one turn, as in the SDK. @default 'defer'
   */
  questions?: 'defer' | 'hold'
  /** Replaces the options as a whole; `"[redacted]"` keeps a secret. Counts from the next turn on. */
  options?: QueryConfig
}

/** `POST /sessions` */
export interface CreateSessionRequest extends SessionUpdate {
  /** Letters, digits, `-` and `_`, at most 64. Drawn by the server when absent. */
  id?: string
  /** `stdio`: official SDKs drive it over `WS /sessions/:id/stdio`; it takes no prompts by other ways. */
  kind?: 'stdio'
  /** Goes on with a conversation that the SDK knows and no session has: its id in `GET /transcripts`. */
  transcript?: string
}

/** `GET /sessions/:id`, and what the other requests that touch a session answer. */
export interface SessionInfo {
  id: string
  /** `stdio`: an official SDK drives it; absent with others. */
  kind?: 'stdio'
  title?: string
  metadata: Record<string, string>
  /** Secrets read `"[redacted]"`. */
  options: QueryConfig
  limits: SessionLimits
  askTimeoutMs: number
  interactive: boolean | AskKind[]
  questions: 'defer' | 'hold'
  status: SessionStatus
  /** With `queued` for a process: how many sessions get one before this one. */
  position?: number
  /** Prompts that wait. */
  queuedPrompts: number
  asks: OpenAsk[]
  usage: SessionUsage
  /** The SDK's id of the conversation, once there is one. It changes with `/clear`. */
  sdkSessionId?: string
  /** The random id of the list of events. */
  log: string
  /** The oldest event that is still there; `lastSeq + 1` when none is. */
  firstSeq: number
  lastSeq: number
  /** Milliseconds since 1970. */
  createdAt: number
  updatedAt: number
}

/** `GET /sessions` */
export interface SessionList {
  sessions: SessionInfo[]
  /** Give it as `after` to get the next page; absent on the last one. */
  next?: string
}

/** `POST /sessions/:id/messages` and the `reply` to a `user_message`. */
export interface MessageAccepted {
  uuid: string
  seq: number
  /** `own`: it gets a turn and a result of its own. `running`: it goes into the turn that runs. */
  turn: 'own' | 'running'
}

/** `POST /sessions/:id/release`. `hadAgent`: there is a process; `agent_exited` tells of its end. */
export interface ProcessReleased {
  hadAgent: boolean
}

/** `DELETE /sessions/:id/messages/:uuid` and the `reply` to a `cancel`. */
export interface MessageCancelled {
  uuid: string
  outcome: 'cancelled'
}
