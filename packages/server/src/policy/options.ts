import type { Options } from '@anthropic-ai/claude-agent-sdk'
import * as z from 'zod/mini'
import { agents, PERMISSION_MODES } from './agents.ts'
import { processEnvironment } from './environment.ts'
import { mcpServers, plugins } from './mcp-servers.ts'
import { OUTSIDE } from './permissions.ts'
import { sandbox } from './sandbox.ts'
import { amount, count, flag, text, texts } from './schema-parts.ts'
import { settings } from './settings.ts'

/** May be set from outside. */
interface RemoteRule {
  set: 'remote'
  why: string
  /** What the value must be, to end the sentence "must be …". */
  expects: string
  schema: z.ZodMiniType
  /** True when the SDK puts it on the command line of the agent's process, which has a limit and takes no NUL. */
  argv: boolean
}

/** May not: the server sets it by itself, or nobody does. */
interface ClosedRule {
  set: 'server' | 'refused'
  why: string
}

export type OptionRule = RemoteRule | ClosedRule

const remote = (schema: z.ZodMiniType, expects: string, why: string): RemoteRule => ({
  set: 'remote',
  schema,
  expects,
  why,
  argv: false,
})
/** A remote option that travels on the command line. */
const argument = (schema: z.ZodMiniType, expects: string, why: string): RemoteRule => ({
  ...remote(schema, expects, why),
  argv: true,
})
const server = (why: string): ClosedRule => ({ set: 'server', why })
const refused = (why: string): ClosedRule => ({ set: 'refused', why })

const FUNCTION = 'A function cannot cross the wire here.'
const SESSION =
  'Would take over or fork a conversation; which one an agent goes on with is kept by the server.'
const PROGRAM = 'Would choose the program that the server starts.'
const TRANSCRIPT =
  'Conversations are kept by the server, which needs their transcripts to go on after a crash.'

const SKILL = /^(?!\s)(?!\*$)[^(),\p{Cc}\p{Surrogate}]+(?<!\s|:\*| \*)$/u
const prompt = z.union([text, texts])
const snapshot = z.optional(flag)

/** Every option of the SDK. A new one does not compile until it has its place here. */
export const OPTIONS: Record<keyof Options, OptionRule> = {
  abortController: refused('An object with methods cannot cross the wire here; send `interrupt` instead.'),
  additionalDirectories: refused(OUTSIDE),
  agent: argument(text, 'a string', 'Names the agent of the main thread.'),
  agentProgressSummaries: remote(flag, 'true or false', 'Adds messages about running subagents.'),
  agents: remote(agents, 'an object of agents by name', 'Subagents live inside the process of the agent.'),
  allowDangerouslySkipPermissions: server(
    'Goes with the `permissionMode`; the server sets it where that needs it.',
  ),
  allowedTools: argument(texts, 'a list of strings', 'Rules of permission bind only the agent itself.'),
  betas: argument(texts, 'a list of strings', 'Claude Code warns about a beta that it does not know.'),
  canUseTool: refused(`${FUNCTION} What the agent asks are asks of the session; answer them.`),
  continue: refused(SESSION),
  cwd: server('The workspace is chosen where the server is started.'),
  debug: server(
    'The debug log holds whole requests; clients of old post a `debug` of their own, which is dropped.',
  ),
  debugFile: refused('Would write a log of whole requests to a path of the machine.'),
  disallowedTools: argument(texts, 'a list of strings', 'Takes tools away.'),
  effort: argument(text, 'a string', 'Claude Code warns about a level that it does not know.'),
  enableFileCheckpointing: remote(
    flag,
    'true or false',
    'Keeps copies of changed files beside the transcripts.',
  ),
  env: remote(
    processEnvironment,
    'an object of strings',
    'Added to the server’s own list; variables that route the model or load code are refused by name.',
  ),
  executable: refused(PROGRAM),
  executableArgs: refused(PROGRAM),
  extraArgs: refused('Any argument of the command line is any option, the refused ones too.'),
  fallbackModel: argument(text, 'a string', 'Models to try when the main one is overloaded.'),
  forkSession: refused(SESSION),
  forwardSubagentText: remote(flag, 'true or false', 'Adds messages of subagents.'),
  hooks: refused(
    `${FUNCTION} A client serves hooks (\`register\`); commands can be hooks too, by \`settings.hooks\`.`,
  ),
  includeHookEvents: remote(flag, 'true or false', 'Adds messages about hooks.'),
  includePartialMessages: remote(flag, 'true or false', 'Adds the text while it is written.'),
  loadTimeoutMs: refused('Belongs to `sessionStore`.'),
  managedSettings: server('Policy of the machine’s owner, who configures the server.'),
  maxBudgetUsd: argument(amount.check(z.positive()), 'a number above 0', 'Ends the query at this cost.'),
  maxThinkingTokens: argument(amount, 'a number', 'Deprecated by the SDK in favour of `thinking`.'),
  maxTurns: argument(amount, 'a number', 'Ends a query after so many turns.'),
  mcpServers: remote(
    mcpServers,
    'an object of stdio, http, sse or ws servers by name',
    'The agent runs and reaches them as itself; in-process servers (`type: "sdk"`) are served by a client (`register`).',
  ),
  mcpServersDelivery: server('Always by stdin, so that headers and environments stay off the command line.'),
  model: argument(text, 'a string', 'Claude Code asks the model’s service whether it exists.'),
  onElicitation: refused(FUNCTION),
  onUserDialog: refused(FUNCTION),
  outputFormat: argument(
    z.union([
      z.object({ type: z.literal('json_schema'), schema: z.record(z.string(), z.unknown()) }),
      z.object({ type: z.literal('text') }),
    ]),
    "an object {type: 'json_schema', schema: {…}}",
    'A JSON Schema for the result.',
  ),
  pathToClaudeCodeExecutable: refused(PROGRAM),
  perTaskStopAffordance: remote(flag, 'true or false', 'An interrupt then spares background tasks.'),
  permissionMode: argument(
    z.enum(PERMISSION_MODES),
    `one of ${PERMISSION_MODES.join(', ')}`,
    'Binds only the agent itself; the server has a default of its own.',
  ),
  permissionPromptToolName: server(
    'Who answers permission prompts is settled by the server; the SDK takes one only.',
  ),
  permissionPrompts: argument(
    z.enum(['host', 'none']),
    "'host' or 'none'",
    'With `none` a prompt is a refusal.',
  ),
  persistSession: server(TRANSCRIPT),
  planModeInstructions: remote(text, 'a string', 'Text of the plan mode.'),
  pluginDelivery: server('How the list reaches Claude Code is no matter of a client.'),
  plugins: argument(
    plugins,
    "a list of {type: 'local', path}",
    'Directories inside the workspace; what a plugin runs, it runs as the agent.',
  ),
  projectConfigRoot: refused(OUTSIDE),
  promptSuggestions: remote(flag, 'true or false', 'Adds a message with a likely next prompt.'),
  resume: refused(SESSION),
  resumeDropsTurn: refused(SESSION),
  resumeSessionAt: refused(SESSION),
  sandbox: argument(
    sandbox,
    'an object',
    'Confines the commands of the agent; programs to run are refused by name.',
  ),
  sessionId: refused(SESSION),
  sessionStore: refused(`An object with methods cannot cross the wire here. ${TRANSCRIPT}`),
  sessionStoreFlush: refused('Belongs to `sessionStore`.'),
  settings: argument(
    settings,
    'an object; a path would be read before the agent may do anything',
    'As an object; helper commands, managed policy and other accounts are refused by name.',
  ),
  settingSources: argument(
    z.array(z.enum(['user', 'project', 'local'])),
    'a list of user, project, local',
    'Settings of the workspace and of the agent’s home; the server has a default of its own.',
  ),
  skills: argument(
    z.union([
      z.literal('all'),
      z.array(text.check(z.refine((name) => SKILL.test(name), 'must be the name of a skill'))),
    ]),
    "'all' or a list of names",
    'Chooses among the skills that the agent finds.',
  ),
  spawnClaudeCodeProcess: refused(FUNCTION),
  stderr: server('What the agent writes there arrives as `info` frames.'),
  strictMcpConfig: argument(flag, 'true or false', 'Leaves out the MCP servers of the workspace.'),
  supportedDialogKinds: remote(
    texts,
    'an array of strings',
    'Dialogs that the clients can show; of interactive sessions only.',
  ),
  systemPrompt: remote(
    z.union([
      text,
      texts,
      z.object({ type: z.literal('custom'), prompt, snapshot }),
      z.object({
        type: z.literal('preset'),
        preset: z.literal('claude_code'),
        append: z.optional(text),
        excludeDynamicSections: z.optional(flag),
        snapshot,
      }),
    ]),
    "a string, a list of strings, {type: 'preset', preset: 'claude_code', append?} or {type: 'custom', prompt}",
    'Text for the model.',
  ),
  taskBudget: argument(
    z.object({ total: count }),
    'an object {total} with a whole number above 0',
    'Paces the model.',
  ),
  thinking: argument(
    z.object({
      type: z.enum(['adaptive', 'enabled', 'disabled']),
      budgetTokens: z.optional(amount),
      display: z.optional(z.enum(['summarized', 'omitted'])),
    }),
    "an object {type: 'adaptive' | 'enabled' | 'disabled'}",
    'How much the model thinks.',
  ),
  title: remote(text, 'a string', 'A name for the conversation.'),
  toolAliases: remote(z.record(z.string(), text), 'an object of strings', 'Renames tools inside the agent.'),
  toolConfig: remote(
    z.object({
      askUserQuestion: z.optional(z.object({ previewFormat: z.optional(z.enum(['markdown', 'html'])) })),
    }),
    'an object {askUserQuestion: {previewFormat}}',
    'How questions are previewed.',
  ),
  tools: argument(
    z.union([texts, z.object({ type: z.literal('preset'), preset: z.literal('claude_code') })]),
    "a list of strings or {type: 'preset', preset: 'claude_code'}",
    'Chooses among the built-in tools.',
  ),
  verbatimPrompts: remote(flag, 'true or false', 'Sends prompts as they are written.'),
}
