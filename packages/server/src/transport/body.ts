import { setTimeout as delay } from 'node:timers/promises'
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

/** How much of a body is read, and for how long, that nobody wants any more: who still sends does not hear the answer. */
const REST_BYTES = 64 * 1024 * 1024
const REST_MS = 10_000

/**
 * The bytes of a body as they come. Stopping early does not cancel it, which would cut the connection before the answer
 * is out: the rest is read and dropped, within bounds.
 * @throws AgentServerError `file_too_large`
 */
export async function* streamBody(c: Context, maxBytes: number): AsyncGenerator<Uint8Array> {
  const reader = c.req.raw.body?.getReader()
  if (reader === undefined) return
  try {
    for (let size = 0; ;) {
      const { done, value } = await reader.read()
      if (done) return
      size += value.length
      if (size > maxBytes)
        throw new AgentServerError({
          code: 'file_too_large',
          message: `The body is over ${maxBytes} bytes.`,
          hint: 'Raise CLAUDE_AGENT_MAX_FILE_BYTES.',
        })
      yield value
    }
  } finally {
    await dropRest(reader)
  }
}

async function dropRest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const isOver = delay(REST_MS, undefined, { ref: false })
  for (let size = 0; size <= REST_BYTES;) {
    // A read that failed, and one that its release ends, have nothing more.
    const read = reader.read().catch(() => undefined)
    const value = (await Promise.race([read, isOver]))?.value
    if (value === undefined) break
    size += value.length
  }
  reader.releaseLock()
}

/** The body as JSON; `absent` stands for an empty one. @throws AgentServerError `invalid_json` */
export async function readJson(c: Context, absent = ''): Promise<unknown> {
  const text = (await c.req.text()) || absent
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
  absent?: string,
): Promise<z.output<S>> {
  const value = await readJson(c, absent)
  const excess = excessOf(value)
  if (excess !== undefined) throw refused(code, `The body ${excess}.`)
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw refused(code, describeIssue(result.error.issues[0]!))
}

function refused(code: 'invalid_request' | 'invalid_message', message: string): AgentServerError {
  return new AgentServerError({ code, message, hint: 'The fields of each request are in PROTOCOL.md.' })
}
