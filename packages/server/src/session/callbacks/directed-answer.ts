import { AgentServerError } from '@claude-agent/protocol'
import * as z from 'zod/mini'
import type { GivenAnswer } from '../answer.ts'

const hookResult = z.looseObject({})
const mcpReply = z.union([
  z.strictObject({ result: z.looseObject({}) }),
  z.strictObject({
    error: z.looseObject({ code: z.int(), message: z.string() }),
  }),
])

/** Looks at what a hook returned; the CLI looks closer. @throws AgentServerError `invalid_answer` */
export function checkHookAnswer(given: GivenAnswer): void {
  check(hookResult, given, 'What a hook returns is an object.')
}

/** Looks at what an MCP server replied. @throws AgentServerError `invalid_answer` */
export function checkMcpAnswer(given: GivenAnswer): void {
  check(
    mcpReply,
    given,
    "An MCP server replies with 'result', an object, or with 'error', of code and message.",
  )
}

function check(schema: z.ZodMiniType, { result, error }: GivenAnswer, hint: string): void {
  if (error !== undefined || schema.safeParse(result).success) return
  throw new AgentServerError({
    code: 'invalid_answer',
    message: `'result' of ${JSON.stringify(result)?.slice(0, 60) ?? 'nothing'} does not fit the ask.`,
    hint,
  })
}
