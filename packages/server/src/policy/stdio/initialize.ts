import type { SDKControlRequest } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError } from '@claude-agent/protocol'
import * as z from 'zod/mini'
import { acceptConfig } from '../accept-config.ts'
import { describe, refusal } from '../config-issue.ts'

type Fields = Record<string, unknown>
type Field = Exclude<keyof Extract<SDKControlRequest['request'], { subtype: 'initialize' }>, 'subtype'>

/** A field that is an option of the query, or of the controller's own, or refused. */
type Rule =
  | { option: string; as?: (value: unknown) => unknown; from?: (option: unknown) => unknown }
  | { own: z.ZodMiniType }
  | { refused: string }

const objects = z.record(z.string(), z.looseObject({}))
const names = z.array(z.string().check(z.maxLength(200)))
const matchers = z.array(
  z.looseObject({ hookCallbackIds: names, matcher: z.optional(z.string()), timeout: z.optional(z.number()) }),
)

/** Every field of the request by which an SDK begins. A new one does not compile until it has its place here. */
const FIELDS: Record<Field, Rule> = {
  // What the controller serves itself: its hooks, and the MCP servers in its process.
  hooks: { own: z.record(z.string(), matchers) },
  sdkMcpServers: { own: names },
  sdkMcpServerConfigs: { own: objects },
  sdkMcpServerManifests: { own: objects },
  sdkMcpServerManifestsOrigin: { own: z.literal('host_per_send') },
  // What is an option of the query, judged like one.
  jsonSchema: {
    option: 'outputFormat',
    as: (schema) => ({ type: 'json_schema', schema }),
    from: (option) => (option as Fields)['schema'],
  },
  systemPrompt: { option: 'systemPrompt' },
  appendSystemPrompt: prompt('append'),
  excludeDynamicSections: prompt('excludeDynamicSections'),
  systemPromptSnapshot: prompt('snapshot'),
  planModeInstructions: { option: 'planModeInstructions' },
  toolAliases: { option: 'toolAliases' },
  agents: { option: 'agents' },
  title: { option: 'title' },
  skills: { option: 'skills' },
  promptSuggestions: { option: 'promptSuggestions' },
  agentProgressSummaries: { option: 'agentProgressSummaries' },
  forwardSubagentText: { option: 'forwardSubagentText' },
  supportedDialogKinds: { option: 'supportedDialogKinds' },
  perTaskStopAffordance: { option: 'perTaskStopAffordance' },
  plugins: { option: 'plugins' },
  mcpServers: { option: 'mcpServers' },
}

/** A field of the SDK's own prompt. */
function prompt(name: string): Rule {
  return {
    option: 'systemPrompt',
    as: (value) => ({ type: 'preset', preset: 'claude_code', [name]: value }),
    from: (option) => (option as Fields)[name],
  }
}

/**
 * The fields of an `initialize` of a controller, judged as the options that they are.
 * @throws AgentServerError `control_refused`, and of `acceptConfig()`
 */
export function acceptInitialize(request: Fields): Fields {
  const accepted: Fields = {}
  for (const [name, value] of Object.entries(request)) {
    if (name === 'subtype' || value === null || value === undefined) continue
    accepted[name] = accept(name, value)
  }
  return accepted
}

function accept(name: string, value: unknown): unknown {
  const rule = Object.hasOwn(FIELDS, name) ? FIELDS[name as Field] : undefined
  if (rule === undefined)
    throw refusal(name.slice(0, 60), 'It is no field of `initialize` that the SDK documents.')
  if ('refused' in rule) throw refusal(name, rule.refused)
  if ('own' in rule) {
    if (rule.own.safeParse(value).success) return value
    throw new AgentServerError({
      code: 'control_refused',
      message: `'${name}' of initialize has another shape than the SDK gives it; it is ${describe(value, true)}.`,
      hint: 'Use the official SDK.',
    })
  }
  const { option, as = same, from = same } = rule
  return from((acceptConfig({ [option]: as(value) }, {}) as Fields)[option])
}

function same(value: unknown): unknown {
  return value
}
