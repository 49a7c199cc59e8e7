import type { Options } from '@anthropic-ai/claude-agent-sdk'

/** What becomes of one of the SDK's options when a query runs on a server. */
export interface OptionPlace {
  /** `works` as in the SDK; `differs`: `why` says in what; `refused`: to give it is an error, whose reason is `why`. */
  over: 'works' | 'differs' | 'refused'
  /**
   * Who acts on it. `session`: it travels, and the server's policy judges it. `client`: it is code, and runs here.
   * `opening`: it chooses the session. `nobody`: there is nothing to do.
   */
  by: 'session' | 'client' | 'opening' | 'nobody'
  /** In a sentence or two; empty for one that just works. */
  why: string
}

const works: OptionPlace = { over: 'works', by: 'session', why: '' }
const differs = (why: string): OptionPlace => ({ over: 'differs', by: 'session', why })
const client = (why: string, over: OptionPlace['over'] = 'works'): OptionPlace => ({
  over,
  by: 'client',
  why,
})
const opening = (why: string, over: OptionPlace['over'] = 'works'): OptionPlace => ({
  over,
  by: 'opening',
  why,
})
const idle = (why: string): OptionPlace => ({ over: 'differs', by: 'nobody', why })
const refused = (why: string): OptionPlace => ({ over: 'refused', by: 'nobody', why })

const PROGRAM = 'Not looked at: the server runs the Claude Code that came with it.'
const STORE =
  'The server keeps the conversation, and its operator says where it is mirrored to; an object of this process cannot stand in for that.'
const DELIVERY = 'Not looked at: how the server tells Claude Code makes no difference here.'
const OUTSIDE = 'The agent is kept to the workspace of the server.'

/** Every option of the SDK. A new one does not compile until it has its place here. */
export const QUERY_OPTIONS: Record<keyof Options, OptionPlace> = {
  abortController: client(
    'What is thrown is the `AbortError` of this package, not the SDK’s class. The session stays and can be resumed.',
    'differs',
  ),
  additionalDirectories: refused(OUTSIDE),
  agent: works,
  agentProgressSummaries: works,
  agents: works,
  allowDangerouslySkipPermissions: idle(
    'Not needed: `bypassPermissions` is for the server’s policy to allow.',
  ),
  allowedTools: works,
  betas: works,
  canUseTool: client('Runs here. A client that is away is waited for.'),
  continue: opening(
    'The latest session that a query() made on this server; the SDK takes the latest of the folder, whoever made it.',
    'differs',
  ),
  cwd: idle('Not looked at: the agent works in the workspace of the server.'),
  debug: idle('Not looked at: a debug log would hold whole requests.'),
  debugFile: refused('A debug log would hold whole requests, and its path would be one of the server.'),
  disallowedTools: works,
  effort: works,
  enableFileCheckpointing: works,
  env: differs(
    'Added to the server’s own environment, not in place of it. Of a copy of this process’s environment only what differs from it travels. What routes the model or loads code is refused by name.',
  ),
  executable: idle(PROGRAM),
  executableArgs: idle(PROGRAM),
  extraArgs: refused('Any argument of the command line is any option, the refused ones too.'),
  fallbackModel: works,
  forkSession: opening('With `resume` or `continue`. Files of the workspace are shared with the first.'),
  forwardSubagentText: works,
  hooks: client(
    'Run here. One whose client is away for longer than is waited for fails open or closed, as its `whenAway` says.',
  ),
  includeHookEvents: works,
  includePartialMessages: differs(
    'The rest of a message is told in fewer, longer parts after the connection was lost in its middle, or not at all when it was over by then; the whole message always comes.',
  ),
  loadTimeoutMs: refused(STORE),
  managedSettings: refused('Policy of the machine’s owner, who configures the server.'),
  maxBudgetUsd: works,
  maxThinkingTokens: works,
  maxTurns: works,
  mcpServers: differs(
    'Servers of this process (`type: "sdk"`) run here. Others are started and reached by the agent, from where it is.',
  ),
  mcpServersDelivery: idle(DELIVERY),
  model: works,
  onElicitation: client('Runs here.'),
  onUserDialog: client('Runs here.'),
  outputFormat: works,
  pathToClaudeCodeExecutable: idle(PROGRAM),
  perTaskStopAffordance: works,
  permissionMode: differs('`default` when absent, whatever a settings file says.'),
  permissionPromptToolName: refused('Give `canUseTool`.'),
  permissionPrompts: works,
  persistSession: refused(
    'The server goes on from the transcript after a crash; delete the session instead.',
  ),
  planModeInstructions: works,
  pluginDelivery: idle(DELIVERY),
  plugins: differs('Directories of the workspace.'),
  projectConfigRoot: refused(OUTSIDE),
  promptSuggestions: works,
  resume: opening(
    'The session whose conversation has this id, else a conversation of the SDK on the server that none has; it goes on with the options of this query.',
  ),
  resumeDropsTurn: refused(
    'A conversation on the server is never cut; give `forkSession` and `resumeSessionAt`.',
  ),
  resumeSessionAt: opening(
    'With `forkSession`, since a conversation on the server is never cut; up to the end of the turn of that message.',
    'differs',
  ),
  sandbox: works,
  sessionId: opening(
    'Names the session of the server; the SDK’s id of the conversation is drawn.',
    'differs',
  ),
  sessionStore: refused(STORE),
  sessionStoreFlush: refused(STORE),
  settings: differs('An object; a path would be one of the server.'),
  settingSources: differs(
    'Of the workspace and of the agent’s home on the server; absent means its default.',
  ),
  skills: works,
  spawnClaudeCodeProcess: refused(
    'The process is the server’s. `remoteProcess()` is for the SDK’s own query().',
  ),
  stderr: client('What the agent writes while this query listens.'),
  strictMcpConfig: works,
  supportedDialogKinds: works,
  systemPrompt: works,
  taskBudget: works,
  thinking: works,
  title: works,
  toolAliases: works,
  toolConfig: works,
  tools: works,
  verbatimPrompts: works,
}
