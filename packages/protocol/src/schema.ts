import * as z from 'zod/mini'
import type { PlainUp } from './up.ts'

// Every schema keeps unknown fields: the SDK's types grow, and the wire passes on what it does not know.

/** A block of text without its text ends a turn without a result. */
const contentBlock = z.looseObject({ type: z.string() }).check(
  z.refine(({ type, text }) => type !== 'text' || typeof text === 'string', {
    path: ['text'],
    error: 'Invalid input: expected string',
  }),
)

/** As strict as the CLI, which ends itself on a message without these. */
export const userMessageInput = z.looseObject({
  type: z.literal('user'),
  message: z.looseObject({
    role: z.literal('user'),
    content: z.union([z.string(), z.array(contentBlock)]),
  }),
  parent_tool_use_id: z.optional(z.nullable(z.string())),
  session_id: z.optional(z.string()),
  uuid: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  priority: z.optional(z.enum(['now', 'next', 'later'])),
})

export const auth = z.looseObject({ type: z.literal('auth'), token: z.string() })

export const plainUp = {
  auth,
  user_message: z.looseObject({ type: z.literal('user_message'), data: userMessageInput }),
  interrupt: z.looseObject({ type: z.literal('interrupt') }),
} satisfies Record<PlainUp['type'], unknown>
