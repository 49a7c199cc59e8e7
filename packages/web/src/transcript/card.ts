import type { AskKind, AskOutcome } from '@claude-agent/protocol'
import type { Fields } from './fields.ts'

interface Common {
  /** The events that made this card, as they came. */
  raw: readonly unknown[]
  /** The tool call of the sub-agent that this belongs to. */
  parent: string | undefined
}

/** `sending`: not acknowledged yet. `cancelled`: taken back. `unsent`: the server did not take it. */
export type PromptStatus =
  | 'sending'
  | 'queued'
  | 'running'
  | 'done'
  | 'interrupted'
  | 'cancelled'
  | 'failed'
  | 'unsent'

/** What a person, or the harness in a person's name, said to the agent. */
export interface PromptCard extends Common {
  kind: 'prompt'
  /** Not of what the harness said in a person's name. */
  uuid: string | undefined
  text: string
  status: PromptStatus
}

/** What the agent wrote. While `live`, more is coming. */
export interface TextCard extends Common {
  kind: 'text'
  text: string
  live: boolean
  /** The rest is missing: it was interrupted, or the connection is lost. */
  cut: boolean
  /** The text stands for an error of the model's API. */
  failed: boolean
}

interface ThinkingCard extends Common {
  kind: 'thinking'
  text: string
  live: boolean
}

export interface ToolResult {
  text: string
  /** `data:` URLs. */
  images: readonly string[]
  failed: boolean
  /** The CLI's own structured result, e.g. `{stdout, stderr}` of Bash. */
  details: Fields
}

/** `writing`: its input is still streamed. `asking`: it waits for somebody's permission or answer. */
export type ToolStatus = 'writing' | 'asking' | 'running' | 'done' | 'failed' | 'interrupted'

export interface ToolCard extends Common {
  kind: 'tool'
  toolId: string
  name: string
  input: Fields
  /** The JSON of the input so far, while `writing`. */
  partialInput: string
  status: ToolStatus
  result: ToolResult | undefined
}

/** The agent as it introduced itself; shown again only when something of it changed. */
interface SessionCard extends Common {
  kind: 'session'
  model: string
  cwd: string
  tools: number
  permissionMode: string
}

/** The end of a turn. */
export interface ResultCard extends Common {
  kind: 'result'
  outcome: 'done' | 'interrupted' | 'failed'
  title: string
  details: readonly string[]
  turns: number | undefined
  durationMs: number | undefined
  tokens: number | undefined
  /** At list price; undefined where the models' prices are not known. */
  costUsd: number | undefined
}

/** How an ask was settled. */
export interface Settlement {
  outcome: AskOutcome
  by: string | undefined
  /** What was answered. */
  result: Fields
}

/** Something that the agent waits for somebody to answer. */
export interface AskCard extends Common {
  kind: 'ask'
  ask: string
  askKind: AskKind
  data: Fields
  /** Undefined while it is open. */
  settled: Settlement | undefined
}

interface ErrorCard extends Common {
  kind: 'error'
  code: string | undefined
  message: string
  hint: string | undefined
}

/** What the agent's process wrote to stderr. */
interface InfoCard extends Common {
  kind: 'info'
  text: string
}

/** A sentence of this page. */
interface NoticeCard extends Common {
  kind: 'notice'
  text: string
}

/** A message that has no card of its own. */
interface RawCard extends Common {
  kind: 'raw'
  label: string
  /** How many messages; of a streamed message all partial ones share a card. */
  count: number
  /** Shown only with “all messages”. */
  noise: boolean
  /** The partial messages, one JSON text a line. */
  lines: string
}

export type Card =
  | PromptCard
  | TextCard
  | ThinkingCard
  | ToolCard
  | SessionCard
  | ResultCard
  | AskCard
  | ErrorCard
  | InfoCard
  | NoticeCard
  | RawCard
