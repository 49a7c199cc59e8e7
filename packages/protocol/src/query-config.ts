import type { Options } from '@anthropic-ai/claude-agent-sdk'

/**
 * The SDK's options that may be set from outside. Which, and why the others may not, is one policy in the server;
 * a test there holds this list and the installed SDK's `Options` to it.
 */
export const REMOTE_OPTIONS = [
  'agent',
  'agentProgressSummaries',
  'agents',
  'allowedTools',
  'betas',
  'disallowedTools',
  'effort',
  'enableFileCheckpointing',
  'env',
  'fallbackModel',
  'forwardSubagentText',
  'includeHookEvents',
  'includePartialMessages',
  'maxBudgetUsd',
  'maxThinkingTokens',
  'maxTurns',
  'mcpServers',
  'model',
  'outputFormat',
  'perTaskStopAffordance',
  'permissionMode',
  'permissionPrompts',
  'planModeInstructions',
  'plugins',
  'promptSuggestions',
  'sandbox',
  'settingSources',
  'settings',
  'skills',
  'strictMcpConfig',
  'supportedDialogKinds',
  'systemPrompt',
  'taskBudget',
  'thinking',
  'title',
  'toolAliases',
  'toolConfig',
  'tools',
  'verbatimPrompts',
] as const satisfies readonly (keyof Options)[]

export type RemoteOption = (typeof REMOTE_OPTIONS)[number]

/** The query configuration of `POST /config`: the SDK's JSON options that may be set from outside, and the key. */
export type QueryConfig = Pick<Options, RemoteOption> & {
  /** Wins over the server's `ANTHROPIC_API_KEY`. Kept in memory only, never given back. */
  anthropicApiKey?: string
}

/** What stands in every answer in place of a secret. Posted back, it keeps the value that is stored. */
export const REDACTED = '[redacted]'

/** `GET /config` */
export interface ConfigResponse {
  config: QueryConfig
}

/** `POST /config` */
export interface ConfigStored {
  success: true
  config: QueryConfig
  /** `now`: the next prompt runs with it. `next_turn`: a turn is running; the ones after it run with it. */
  applies: 'now' | 'next_turn'
}
