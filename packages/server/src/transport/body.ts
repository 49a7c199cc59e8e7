import { AgentServerError } from '@claude-agent/protocol'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type * as z from 'zod/mini'
import { excessOf } from './complexity.ts'
import { describeIssue } from './frame.ts'

/** Refuses a request whose body is over the limit, before all of it is read. */
export function limitBody(maxBytes: number): MiddlewareHandler {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new AgentServerError({
        code: 'body_too_large',
        message: `The body is over ${maxBytes} bytes.`,
        hint: 'Raise CLAUDE_AGENT_MAX_BODY_BYTES, or put the data into files of the workspace.',
      })
    },
  })
}

/** The body as JSON. @throws AgentServerError `invalid_json` */
export async function readJson(c: Context): Promise<unknown> {
  const text = await c.req.text()
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AgentServerError({
      code: 'invalid_json',
      message: 'Invalid JSON',
      hint: 'Send one JSON object.',
      cause,
    })
  }
}

/**
 * The body as the schema has it. What is wrong is named, never given back: it may be a secret.
 * @throws AgentServerError `invalid_json`, and `code` for a field that is wrong or unknown
 */
export async function readBody<S extends z.ZodMiniType>(
  c: Context,
  schema: S,
  code: 'invalid_request' | 'invalid_message',
): Promise<z.output<S>> {
  const value = await readJson(c)
  const excess = excessOf(value)
  if (excess !== undefined) throw refused(code, `The body ${excess}.`)
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw refused(code, describeIssue(result.error.issues[0]!))
}

function refused(code: 'invalid_request' | 'invalid_message', message: string): AgentServerError {
  return new AgentServerError({ code, message, hint: 'The fields of each request are in PROTOCOL.md.' })
}
