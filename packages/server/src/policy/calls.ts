import type { Query } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, CALL_METHODS, type CallMethod, type QueryConfig } from '@claude-agent/protocol'
import * as z from 'zod/mini'
import { acceptConfig } from './accept-config.ts'
import { describe } from './config-issue.ts'
import { redactConfig } from './redact.ts'
import { amount, flag, text } from './schema-parts.ts'

type Arguments = z.ZodMiniType<unknown[]>

/** May be called from outside. */
interface OpenRule {
  call: 'remote'
  why: string
  /** What the arguments must be, to end the sentence "takes …". */
  takes: string
  args: Arguments
  /** The option that an argument is one of: judged, and shown, like that. */
  option?: keyof QueryConfig
  /**
   * Changes what the agent is, so that each further process of it is told again; calls with the same key take the
   * place of one another.
   */
  key?: (args: readonly unknown[]) => string
  /** What may be shown of the result, where it holds configuration. */
  show?: (result: unknown) => unknown
}

/** May not. */
interface ClosedRule {
  call: 'refused'
  why: string
}

export type CallRule = OpenRule | ClosedRule

const nothing = z.tuple([])
const name = text.check(z.maxLength(200))

const open = (why: string, takes = 'nothing', args: Arguments = nothing): OpenRule => ({
  call: 'remote',
  why,
  takes,
  args,
})
const refused = (why: string): ClosedRule => ({ call: 'refused', why })

/** A method that sets something for good, which its first arguments, `depth` of them, name. */
const lasting = (rule: OpenRule, depth = 0): OpenRule => ({
  ...rule,
  key: (args) => JSON.stringify(args.slice(0, depth)),
})

/** The methods of a query, but for those of the generator that it is. */
type Method = Exclude<keyof Query, keyof AsyncGenerator | symbol>

/** What the CLI tells of MCP servers has their configuration, secrets included. */
function showServers(result: unknown): unknown {
  if (!Array.isArray(result)) return result
  return result.map((server: { name?: string; config?: unknown }) => {
    if (typeof server?.config !== 'object' || server.config === null) return server
    const { name = '' } = server
    const shown = redactConfig({ mcpServers: { [name]: server.config as never } })
    return { ...server, config: shown.mcpServers?.[name] }
  })
}

/** Every method of the SDK's query. A new one does not compile until it has its place here. */
export const CALLS: Record<Method, CallRule> = {
  accountInfo: open('Tells how the agent reaches the model; it has a placeholder instead of a key.'),
  applyFlagSettings: {
    ...lasting(open('Sets settings of the agent.', 'an object of settings', z.tuple([z.looseObject({})]))),
    option: 'settings',
  },
  backgroundTasks: open(
    'Lets tools that run go on in the background.',
    'the id of a tool use, or nothing',
    z.tuple([z.optional(text)]),
  ),
  close: refused('The server ends processes by itself; delete the session to end it.'),
  getContextUsage: open(
    'Tells what fills the context.',
    "{detail?: 'summary' | 'full'}, or nothing",
    z.tuple([z.optional(z.strictObject({ detail: z.optional(z.enum(['summary', 'full'])) }))]),
  ),
  initializationResult: open('Tells what the agent can do.'),
  interrupt: refused('Send `interrupt` instead: it also reaches a prompt that waits.'),
  mcpServerStatus: { ...open('Tells how the MCP servers are, without their secrets.'), show: showServers },
  readFile: open(
    'Reads a file by the rules of the agent’s own Read tool.',
    "a path and {maxBytes?, encoding?: 'utf-8' | 'base64'}",
    z.tuple([
      text,
      z.optional(
        z.strictObject({ maxBytes: z.optional(amount), encoding: z.optional(z.enum(['utf-8', 'base64'])) }),
      ),
    ]),
  ),
  readMcpResource: open(
    'Reads a `ui://` resource of an MCP server.',
    'the name of a server and a URI',
    z.tuple([text, text]),
  ),
  reconnectMcpServer: open('Connects an MCP server anew.', 'the name of a server', z.tuple([text])),
  reinitialize: refused('Belongs to the SDK’s own line to its process.'),
  reloadOutputStyles: open('Reads the output styles of the workspace again.'),
  reloadPlugins: {
    ...open(
      'Reads plugins again. To add some, set the option `plugins`.',
      '{holdOnCacheImpact?, refuseIfBusy?}, or nothing',
      z.tuple([
        z.optional(
          z.strictObject({
            holdOnCacheImpact: z.optional(flag),
            refuseIfBusy: z.optional(flag),
          }),
        ),
      ]),
    ),
    show: (result) => ({
      ...(result as object),
      mcpServers: showServers((result as { mcpServers?: unknown }).mcpServers),
    }),
  },
  reloadSkills: open('Reads the skills of the workspace again.'),
  rewindFiles: open(
    'Puts files back to how they were at a prompt; with the option `enableFileCheckpointing`.',
    'the uuid of a prompt and {dryRun?}',
    z.tuple([text, z.optional(z.strictObject({ dryRun: z.optional(flag) }))]),
  ),
  seedReadState: open('Counts a file as read.', 'a path and a time in milliseconds', z.tuple([text, amount])),
  setMaxThinkingTokens: lasting(
    open(
      'How much the model thinks; deprecated by the SDK.',
      'a number or null, and how thinking is shown',
      z.tuple([z.nullable(amount), z.optional(z.nullable(z.enum(['summarized', 'omitted', 'highlights'])))]),
    ),
  ),
  setMcpPermissionModeOverride: lasting(
    open(
      'Asks for permission for the tools of an MCP server.',
      "the name of a server and 'default', 'auto' or null",
      z.tuple([name, z.nullable(z.enum(['default', 'auto']))]),
    ),
    1,
  ),
  setMcpServers: {
    ...lasting(
      open(
        'Replaces the MCP servers that were set so before.',
        'an object of MCP servers',
        z.tuple([z.looseObject({})]),
      ),
    ),
    option: 'mcpServers',
  },
  setModel: {
    ...lasting(open('Another model for what follows.', 'a string, or nothing', z.tuple([z.optional(text)]))),
    option: 'model',
  },
  setPermissionMode: {
    ...lasting(open('Another permission mode for what follows.', 'a permission mode', z.tuple([text]))),
    option: 'permissionMode',
  },
  stopTask: open('Stops a task in the background.', 'the id of a task', z.tuple([text])),
  streamInput: refused('Send a `user_message` instead.'),
  supportedAgents: open('Tells which subagents there are.'),
  supportedCommands: open('Tells which commands and skills there are.'),
  supportedModels: open('Tells which models there are.'),
  toggleMcpServer: lasting(
    open(
      'Switches an MCP server on or off.',
      'the name of a server and true or false',
      z.tuple([name, flag]),
    ),
    1,
  ),
  updateSettings: open(
    'Writes one of the few settings that Claude Code itself lets be written into a file of the agent’s.',
    "'localSettings' or 'userSettings', and an object",
    z.tuple([z.enum(['localSettings', 'userSettings']), z.looseObject({})]),
  ),
  usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET: open(
    'Tells what was used. Experimental in the SDK.',
    '{skipBehaviors?}, or nothing',
    z.tuple([z.optional(z.strictObject({ skipBehaviors: z.optional(flag) }))]),
  ),
}

/** A call that the policy lets through. */
export interface AcceptedCall {
  method: CallMethod
  args: unknown[]
  /** With `[redacted]` in place of secrets. */
  shown: unknown[]
  /** Where it changes what the agent is: what it takes the place of. */
  key: string | undefined
  /** What may be shown of the result. */
  show: (result: unknown) => unknown
}

/**
 * Judges a call.
 * @throws AgentServerError `call_refused`, `invalid_request` for wrong arguments, and of `acceptConfig()` for options
 */
export function acceptCall(method: string, args: readonly unknown[]): AcceptedCall {
  const rule = Object.hasOwn(CALLS, method) ? CALLS[method as Method] : undefined
  if (rule === undefined || rule.call === 'refused') throw refusal(method, rule)
  if (!rule.args.safeParse(args).success) throw wrongArguments(method, rule, args)
  const known = method as CallMethod
  const { option, show = (result) => result } = rule
  const key = rule.key === undefined ? undefined : `${method}${rule.key(args)}`
  const [first, ...rest] = args
  if (option === undefined || first === undefined)
    return { method: known, args: [...args], shown: [...args], key, show }
  const config = acceptConfig({ [option]: first }, {})
  return {
    method: known,
    args: [config[option], ...rest],
    shown: [redactConfig(config)[option], ...rest],
    key,
    show,
  }
}

function refusal(method: string, rule: ClosedRule | undefined): AgentServerError {
  return new AgentServerError({
    code: 'call_refused',
    message:
      rule === undefined
        ? `The SDK's query has no method '${method}' that this server knows.`
        : `'${method}' may not be called from outside. ${rule.why}`,
    hint: `These may: ${CALL_METHODS.join(', ')}.`,
  })
}

function wrongArguments(method: string, { takes }: OpenRule, args: readonly unknown[]): AgentServerError {
  const seen = args.length === 0 ? 'nothing' : args.map((value) => describe(value, true)).join(', ')
  return new AgentServerError({
    code: 'invalid_request',
    message: `'${method}' takes ${takes}; it was given ${seen}.`,
    hint: 'Arguments stand in `args`, in the order of the method of the SDK.',
  })
}
