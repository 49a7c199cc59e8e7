import * as z from 'zod/mini'
import { flag, text, texts } from './schema-parts.ts'

const shared = {
  if: z.optional(text),
  timeout: z.optional(z.number().check(z.positive())),
  statusMessage: z.optional(text),
  once: z.optional(flag),
}
const onFailure = z.optional(z.enum(['continue', 'block']))

const hook = z.discriminatedUnion('type', [
  z.strictObject({
    ...shared,
    type: z.literal('command'),
    command: text,
    args: z.optional(texts),
    shell: z.optional(z.enum(['bash', 'powershell'])),
    onFailure,
    async: z.optional(flag),
    asyncRewake: z.optional(flag),
  }),
  z.strictObject({
    ...shared,
    type: z.literal('prompt'),
    prompt: text,
    model: z.optional(text),
    continueOnBlock: z.optional(flag),
  }),
  z.strictObject({ ...shared, type: z.literal('agent'), prompt: text, model: z.optional(text) }),
  z.strictObject({
    ...shared,
    type: z.literal('http'),
    url: z.url(),
    onFailure,
    headers: z.optional(z.record(z.string(), z.string())),
    allowedEnvVars: z.optional(texts),
  }),
  z.strictObject({
    ...shared,
    type: z.literal('mcp_tool'),
    server: text,
    tool: text,
    input: z.optional(z.record(z.string(), z.unknown())),
    onFailure,
  }),
])

/** `settings.hooks`, by event. They run as the agent, as its tools do. */
export const hooks = z.record(
  z.string(),
  z.array(z.strictObject({ matcher: z.optional(text), hooks: z.array(hook) })),
)
