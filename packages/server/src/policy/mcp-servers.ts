import * as z from 'zod/mini'
import { count, flag, refused, text, texts } from './schema-parts.ts'

const pairs = z.record(z.string(), z.string())

const shared = {
  timeout: z.optional(count),
  alwaysLoad: z.optional(flag),
}

const stdio = z.object({
  ...shared,
  type: z.optional(z.literal('stdio')),
  command: text.check(z.minLength(1)),
  args: z.optional(texts),
  env: z.optional(pairs),
})

const toolPolicy = z.object({
  name: text,
  permission_policy: z.optional(z.enum(['always_allow', 'always_ask', 'always_deny'])),
  org_max_permission: z.optional(z.enum(['allow', 'ask', 'blocked'])),
})

const remote = z.object({
  ...shared,
  type: z.enum(['http', 'sse', 'ws']),
  url: text,
  headers: z.optional(pairs),
  headersHelper: z.optional(text),
  tools: z.optional(z.array(toolPolicy)),
  oauth: z.optional(z.record(z.string(), z.unknown())),
})

const unreachable = z.object({
  type: z.enum(['sdk', 'sse-ide', 'ws-ide', 'claudeai-proxy']).check((context) => {
    context.issues.push({
      code: 'custom',
      input: undefined,
      params: { refused: true },
      message:
        context.value === 'sdk'
          ? 'An in-process server is code, and runs in a client: serve it from there (docs/callbacks.md).'
          : 'It belongs to an editor or an account that an agent of this server does not have.',
    })
  }),
})

/** One server, as Claude Code takes it. It drops without a word what does not fit, so that is refused here. */
const mcpServer = z.discriminatedUnion('type', [stdio, remote, unreachable])

/** `mcpServers`: servers by name. */
export const mcpServers = z.record(z.string(), mcpServer)

/** `agents.*.mcpServers`: names of servers, or servers by name. */
export const agentMcpServers = z.array(z.union([text, mcpServers]))

/** The name of a server as it is in the names of its tools: the CLI tells no others apart. */
export function nameInTools(name: string): string {
  return name.replaceAll(/[^\w-]/g, '_')
}

const INSIDE = /^(?![/\\~]|[A-Za-z]:)(?!([^]*[/\\])?\.\.([/\\]|$))[^\0]+$/

/** `plugins`: directories of the workspace. */
export const plugins = z.array(
  z.object({
    type: z.literal('local'),
    path: text.check(
      z.refine((path) => INSIDE.test(path), 'must be a path relative to the workspace that stays inside it'),
    ),
    skipMcpDiscovery: z.optional(flag),
    requiredByOrganization: z.optional(refused('The machine decides what its organization requires.')),
  }),
)
