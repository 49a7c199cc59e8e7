import type { ScriptedRequest } from '../request/scripted-request.ts'
import type { RequestKind } from '../request/kind.ts'
import type { Pace, Step } from './step.ts'

/** A pattern for text: a string that must be contained, a regular expression, or one as JSON. */
export type TextPattern = string | RegExp | { regex: string; flags?: string } | { equals: string }

/** What the last tool result must be like. */
export interface ToolResultMatch {
  text?: TextPattern
  /** Name of the tool that was called. */
  tool?: string
  isError?: boolean
}

/** What a request must be like; all given fields must fit. */
export interface Match {
  /** The last thing that the user said, without reminders that the client mixed in. Its captures can be used. */
  lastUserText?: TextPattern
  /** Everything said before the last user message, tool results included; several patterns must all occur. */
  history?: TextPattern | TextPattern[]
  /** Names of tools that the request must offer. */
  tools?: string | string[]
  /**
   * `false`: only the prompt itself; `true`: only after tool results; else what the last result must be like.
   * @default false for a rule with `steps`, anything for `answers` and `respond`
   */
  toolResult?: boolean | TextPattern | ToolResultMatch
  model?: TextPattern
  /** The system prompt and the system messages in the conversation. */
  system?: TextPattern
  /** Takes an auxiliary request of the CLI, which rules do not see else. @default 'message' */
  kind?: RequestKind
}

/** Steps, at once or one by one; an async generator may wait for whatever the test decides. */
export type Steps = Iterable<Step> | AsyncIterable<Step>

/** Computes the answer to a request, for example from the real result of a tool. */
export type Respond = (request: ScriptedRequest) => Steps | Promise<Steps>

/** When a rule applies. */
export interface RuleCondition {
  /** Shown in `requests[].rule` and in error messages. @default its place in the list, from 1 */
  name?: string
  /** @default every message request */
  match?: Match
  /** A further condition, in code. */
  when?: (request: ScriptedRequest) => boolean
  /** How often the rule applies; after that it is skipped. @default without end */
  times?: number
  /** Pace of the steps that set none. @default the script's */
  pace?: Pace
}

/** One answer, to the prompt itself unless `match.toolResult` says else. */
export interface StepsRule extends RuleCondition {
  steps: readonly Step[]
}

/** The answers of a whole turn: the first to the prompt, the next after the first tool results, and so on. */
export interface AnswersRule extends RuleCondition {
  answers: readonly (readonly Step[])[]
}

/** An answer computed for each request of the turn. */
export interface RespondRule extends RuleCondition {
  respond: Respond
}

export type Rule = StepsRule | AnswersRule | RespondRule

/** What the scripted model does: the first rule that fits answers. */
export interface Script {
  name?: string
  rules: readonly Rule[]
  /** Answers what no rule fits. @default see `onUnmatched` of `startScriptedClaude` */
  fallback?: readonly Step[] | Respond
  /** @default bursts of 32-character deltas */
  pace?: Pace
}
