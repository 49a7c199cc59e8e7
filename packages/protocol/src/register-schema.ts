import * as z from 'zod/mini'
import { AWAY_POLICIES, MAX_OWNER_TIMEOUT_MS } from './register.ts'

const name = z
  .string()
  .check(z.regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u, { error: '1 to 100 printable characters' }))
const record = z.record(z.string(), z.unknown())

const hooks = z.object({
  matcher: z.optional(z.string().check(z.maxLength(1000))),
  timeout: z.optional(z.number().check(z.positive(), z.maximum(86_400))),
  onFailure: z.optional(z.enum(['continue', 'block'])),
  callbacks: z.array(z.string().check(z.minLength(1), z.maxLength(200))).check(z.maxLength(100)),
  whenAway: z.optional(z.enum(['open', 'closed'])),
})

const named = { name: z.string().check(z.minLength(1)) }

/** What an MCP server says is passed on as it is, where it is what MCP has there. */
const mcpServer = z.object({
  timeout: z.optional(z.number()),
  tools: z.optional(z.array(z.looseObject(named))),
  initialize: z.looseObject({
    protocolVersion: z.string(),
    capabilities: record,
    serverInfo: z.looseObject({ ...named, version: z.string() }),
    instructions: z.optional(z.string()),
  }),
  lists: z.object({
    tools: z.optional(
      z.array(z.looseObject({ ...named, inputSchema: z.looseObject({ type: z.literal('object') }) })),
    ),
    resources: z.optional(z.array(z.looseObject({ ...named, uri: z.string() }))),
    resourceTemplates: z.optional(z.array(z.looseObject({ ...named, uriTemplate: z.string() }))),
    prompts: z.optional(z.array(z.looseObject(named))),
  }),
})

/** The fields of `register`, but for those that every frame has. */
export const registerFields = {
  client: name,
  secret: z.string().check(z.minLength(16), z.maxLength(200)),
  hooks: z.optional(
    z.partialRecord(z.enum(Object.keys(AWAY_POLICIES) as (keyof typeof AWAY_POLICIES)[]), z.array(hooks)),
  ),
  mcpServers: z.optional(z.record(name, mcpServer)),
  ownerTimeoutMs: z.optional(z.int().check(z.minimum(0), z.maximum(MAX_OWNER_TIMEOUT_MS))),
}

/** A message of JSON-RPC. */
export const mcpMessageFields = {
  client: name,
  server: name,
  message: z.looseObject({ jsonrpc: z.literal('2.0') }),
}
