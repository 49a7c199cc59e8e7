import type {
  ElicitationRequest,
  ElicitationResult,
  PermissionResult,
  PermissionUpdate,
  UserDialogRequest,
  UserDialogResult,
} from '@anthropic-ai/claude-agent-sdk'

/** What the agent may ask of people: whether it may use a tool (questions to the user too), or the SDK's other two. */
export type AskKind = 'can_use_tool' | 'elicitation' | 'dialog'

/** `can_use_tool`: what the SDK's `canUseTool` is given. `AskUserQuestion` comes this way too, with its `questions` as input. */
export interface CanUseToolData {
  toolName: string
  input: Record<string, unknown>
  toolUseID: string
  agentID?: string
  suggestions?: PermissionUpdate[]
  blockedPath?: string
  decisionReason?: string
  title?: string
  displayName?: string
  description?: string
  defaultToNo?: boolean
  suppressAlwaysAllowRule?: boolean
  mcpServer?: { name: string; source: string }
}

/** What an ask is about, by its kind. */
export type AskData = CanUseToolData | ElicitationRequest | UserDialogRequest

/** What an answer holds, by the kind of the ask: what the SDK's callback would return. */
export type AskResult = PermissionResult | ElicitationResult | UserDialogResult

/**
 * How an ask was settled. `cancelled`: the agent took it back, by an interrupt for one. `timed_out`: nobody answered
 * within `askTimeoutMs`, and it was declined. `lost`: the agent that asked died; the model is told at its next turn.
 */
export type AskOutcome = 'answered' | 'cancelled' | 'timed_out' | 'lost'

/** An ask that nobody has answered yet. */
export interface OpenAsk {
  ask: string
  kind: AskKind
  data: AskData
  deferred?: true
  /** The number of its event. */
  seq: number
  /** Milliseconds since 1970. */
  at: number
}

/** `POST /sessions/:id/asks/:ask`: one of `result` and `error`. An `error` declines, with the reason that the model reads. */
export interface AnswerRequest {
  result?: AskResult
  error?: string
  /** Who answers; the others are told. @default 'http' */
  by?: string
}

/** The answer was the first, and counts. */
export interface AnswerAccepted {
  ask: string
  outcome: 'answered'
  by: string
  seq: number
}
