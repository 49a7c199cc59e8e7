import type { Query } from '@anthropic-ai/claude-agent-sdk'

/** The methods of the SDK's `Query` that `call` reaches. */
export const CALL_METHODS = [
  'accountInfo',
  'applyFlagSettings',
  'backgroundTasks',
  'getContextUsage',
  'initializationResult',
  'mcpServerStatus',
  'readFile',
  'readMcpResource',
  'reconnectMcpServer',
  'reloadOutputStyles',
  'reloadPlugins',
  'reloadSkills',
  'rewindFiles',
  'seedReadState',
  'setMaxThinkingTokens',
  'setMcpPermissionModeOverride',
  'setMcpServers',
  'setModel',
  'setPermissionMode',
  'stopTask',
  'supportedAgents',
  'supportedCommands',
  'supportedModels',
  'toggleMcpServer',
  'updateSettings',
  'usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET',
] as const satisfies readonly (keyof Query)[]

export type CallMethod = (typeof CALL_METHODS)[number]

/** What a method takes, as the SDK says. */
export type CallArguments<M extends CallMethod> = Parameters<Query[M]>

/** What a method resolves with, as the SDK says; `null` on the wire where the SDK resolves with nothing. */
export type CallResult<M extends CallMethod> = Awaited<ReturnType<Query[M]>>
