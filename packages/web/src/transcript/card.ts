import type { Fields } from './fields.ts'

interface Common {
  /** The messages that made this card, as they came. */
  raw: readonly unknown[]
  /** The tool call of the sub-agent that this belongs to. */
  parent: string | undefined
}

/** `unsettled`: the connection was lost before the end of the prompt was heard. */
export type PromptStatus = 'queued' | 'running' | 'done' | 'interrupted' | 'failed' | 'unsettled'

/** What a person, or the harness in a person's name, said to the agent. */
export interface PromptCard extends Common {
  kind: 'prompt'
  /** Only of a prompt that was written on this page. */
  uuid: string | undefined
  text: string
  status: PromptStatus
}

/** What the agent wrote. While `live`, more is coming. */
export interface TextCard extends Common {
  kind: 'text'
  text: string
  live: boolean
  /** The rest was cut off, by an interrupt or a lost connection. */
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

/** `writing`: its input is still streamed. */
export type ToolStatus = 'writing' | 'running' | 'done' | 'failed' | 'interrupted'

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
  costUsd: number | undefined
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
  | ErrorCard
  | InfoCard
  | NoticeCard
  | RawCard
