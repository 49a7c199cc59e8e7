import type { SDKControlRequest } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, type CallMethod } from '@claude-agent/protocol'
import * as z from 'zod/mini'
import { acceptCall } from '../calls.ts'
import { acceptInitialize } from './initialize.ts'

type Fields = Record<string, unknown>

/** What an SDK may ask the CLI for, as its own types have it, and one that they forgot. */
type Subtype = SDKControlRequest['request']['subtype'] | 'set_mcp_permission_mode_override'

/** A request that the policy lets through. */
export interface AcceptedRequest {
  /** As the CLI is to get it: nothing that was not judged is in it. */
  request: Fields & { subtype: string }
  /** What may be shown of the answer. */
  show?: (answer: Fields) => Fields
}

type Rule = ((request: Fields) => Omit<AcceptedRequest, 'request'> & { fields: Fields }) | { refused: string }

const FROM_AGENT: Rule = { refused: 'It comes from the agent.' }
const HIDDEN: Rule = { refused: 'No method of the SDK’s query sends it.' }

/** A method of the SDK's query, judged by the rule that calls of it have: see docs/calls.md. */
const call =
  (
    method: CallMethod,
    args: (request: Fields) => unknown[] = () => [],
    fields: (args: unknown[]) => Fields = () => ({}),
  ): Rule =>
  (request) => {
    const accepted = acceptCall(method, withoutEnd(args(request)))
    return { fields: defined(fields(accepted.args)), show: (answer) => accepted.show(answer) as Fields }
  }

/** A request of the named fields, which stand in the order of the method's arguments. */
const plain = (method: CallMethod, ...names: string[]): Rule =>
  call(
    method,
    (request) => names.map((name) => request[name]),
    (args) => Object.fromEntries(names.map((name, i) => [name, args[i]])),
  )

/** What is no call of this server's: its fields are of one shape. */
const shaped =
  (schema: z.ZodMiniType): Rule =>
  (request) => {
    const { subtype: _, ...fields } = request
    if (!schema.safeParse(fields).success) throw refused('It has another shape than the SDK gives it.')
    return { fields }
  }

/** Every request that there is. A new one does not compile until it has its place here. */
export const REQUESTS: Record<Subtype, Rule> = {
  initialize: (request) => ({ fields: acceptInitialize(request) }),
  interrupt: shaped(z.strictObject({ cancel_queued: z.optional(z.boolean()) })),
  cancel_async_message: shaped(z.strictObject({ message_uuid: z.string() })),
  mcp_message: shaped(z.strictObject({ server_name: z.string(), message: z.looseObject({}) })),
  set_permission_mode: plain('setPermissionMode', 'mode'),
  set_model: call(
    'setModel',
    ({ model }) => [model ?? undefined],
    ([model]) => ({ model }),
  ),
  // `null` sets the number back, and leaving it out leaves it as it is.
  set_max_thinking_tokens: ({ max_thinking_tokens, thinking_display }) => {
    acceptCall('setMaxThinkingTokens', withoutEnd([max_thinking_tokens ?? null, thinking_display]))
    return { fields: defined({ max_thinking_tokens, thinking_display }) }
  },
  set_mcp_permission_mode_override: plain('setMcpPermissionModeOverride', 'serverName', 'mode'),
  apply_flag_settings: plain('applyFlagSettings', 'settings'),
  update_settings: plain('updateSettings', 'source', 'settings'),
  mcp_set_servers: (request) => setServers(request['servers']),
  mcp_reconnect: plain('reconnectMcpServer', 'serverName'),
  mcp_toggle: plain('toggleMcpServer', 'serverName', 'enabled'),
  mcp_read_resource: plain('readMcpResource', 'serverName', 'uri'),
  mcp_status: () => {
    const { show } = acceptCall('mcpServerStatus', [])
    return { fields: {}, show: (answer) => ({ ...answer, mcpServers: show(answer['mcpServers']) }) }
  },
  get_context_usage: call(
    'getContextUsage',
    ({ detail }) => [detail === undefined ? undefined : { detail }],
    ([given]) => (given as Fields | undefined) ?? {},
  ),
  get_usage: call(
    'usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET',
    ({ skip_behaviors }) => [skip_behaviors === undefined ? undefined : { skipBehaviors: skip_behaviors }],
    ([given]) => ({ skip_behaviors: (given as Fields | undefined)?.['skipBehaviors'] }),
  ),
  rewind_files: call(
    'rewindFiles',
    ({ user_message_id, dry_run }) => [
      user_message_id,
      dry_run === undefined ? undefined : { dryRun: dry_run },
    ],
    ([user_message_id, given]) => ({ user_message_id, dry_run: (given as Fields | undefined)?.['dryRun'] }),
  ),
  read_file: call(
    'readFile',
    ({ path, max_bytes, encoding }) => [path, defined({ maxBytes: max_bytes, encoding })],
    ([path, given]) => {
      const { maxBytes, encoding } = given as Fields
      return { path, max_bytes: maxBytes, encoding }
    },
  ),
  seed_read_state: plain('seedReadState', 'path', 'mtime'),
  reload_plugins: call(
    'reloadPlugins',
    (request) => {
      const { subtype: _, hold_on_cache_impact, refuse_if_busy, ...others } = request
      return [defined({ ...others, holdOnCacheImpact: hold_on_cache_impact, refuseIfBusy: refuse_if_busy })]
    },
    ([given]) => {
      const { holdOnCacheImpact, refuseIfBusy } = given as Fields
      return { hold_on_cache_impact: holdOnCacheImpact, refuse_if_busy: refuseIfBusy }
    },
  ),
  reload_skills: plain('reloadSkills'),
  reload_output_styles: plain('reloadOutputStyles'),
  stop_task: plain('stopTask', 'task_id'),
  background_tasks: plain('backgroundTasks', 'tool_use_id'),
  can_use_tool: FROM_AGENT,
  hook_callback: FROM_AGENT,
  elicitation: FROM_AGENT,
  request_user_dialog: FROM_AGENT,
  rename_session: { refused: 'The title of a session is set with PATCH /sessions/:id.' },
  register_repo_root: { refused: 'It names a directory of the machine.' },
  get_settings: { refused: 'The answer would hold every setting, secrets included.' },
  mcp_call: { refused: 'It calls a tool past every permission.' },
  set_color: HIDDEN,
  set_has_subscribers: HIDDEN,
  get_session_cost: HIDDEN,
  get_binary_version: HIDDEN,
  get_hooks_listing: HIDDEN,
  get_task_output: HIDDEN,
  list_models: HIDDEN,
  list_permission_rules: HIDDEN,
  file_suggestions: HIDDEN,
}

/**
 * Judges a control request of a controller.
 * @throws AgentServerError `control_refused`, and those of options and calls
 */
export function acceptControlRequest(request: Fields): AcceptedRequest {
  const { subtype } = request
  const rule =
    typeof subtype === 'string' && Object.hasOwn(REQUESTS, subtype) ? REQUESTS[subtype as Subtype] : undefined
  if (rule === undefined) throw refused('This server does not know it.', subtype)
  if ('refused' in rule) throw refused(rule.refused, subtype)
  const { fields, ...rest } = rule(request)
  return { request: { ...fields, subtype: subtype as Subtype }, ...rest }
}

/** The servers in the controller's own process are named; the others are judged like those of options. */
function setServers(servers: unknown): { fields: Fields } {
  const own: Fields = {}
  const others: Fields = {}
  for (const [name, server] of Object.entries(typeof servers === 'object' && servers !== null ? servers : {}))
    ((server as Fields | null)?.['type'] === 'sdk' ? own : others)[name] = server
  const [accepted] = acceptCall('setMcpServers', [others]).args
  return { fields: { servers: { ...(accepted as Fields), ...own } } }
}

function refused(why: string, subtype?: unknown): AgentServerError {
  const name = typeof subtype === 'string' ? ` '${subtype.slice(0, 60)}'` : ''
  return new AgentServerError({
    code: 'control_refused',
    message: `The control request${name} is refused. ${why}`,
    hint: 'What an SDK may ask for is in docs/stdio.md.',
  })
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function withoutEnd(args: unknown[]): unknown[] {
  const last = args.findLastIndex((value) => value !== undefined)
  return args.slice(0, last + 1)
}
