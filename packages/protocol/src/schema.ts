import * as z from 'zod/mini'
import { MAX_LEASE_MS, MIN_LEASE_MS } from './lease.ts'
import { mcpMessageFields, registerFields } from './register-schema.ts'
import type { ModelUp, PlainUp, ProcessUp, SessionUp } from './up.ts'

// Every schema of a frame keeps unknown fields: the SDK's types grow, and the wire passes on what it does not know.

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

/** What pairs a frame with its reply. */
const id = z.optional(z.string().check(z.maxLength(200)))

export const auth = z.looseObject({ type: z.literal('auth'), token: z.string() })

export const authCredential = z.looseObject({
  type: z.literal('auth'),
  credential: z.looseObject({ type: z.literal('oauth'), token: z.string() }),
})

export const plainUp = {
  auth,
  user_message: z.looseObject({ type: z.literal('user_message'), data: userMessageInput }),
  interrupt: z.looseObject({ type: z.literal('interrupt') }),
} satisfies Record<PlainUp['type'], unknown>

/** Which methods there are, and what each takes, is said by the policy of the server. */
const callFields = {
  method: z.string().check(z.maxLength(100)),
  args: z.optional(z.array(z.unknown()).check(z.maxLength(10))),
}

/** Which result fits depends on the kind of the ask, so that is checked where the kind is known. */
const answerFields = { result: z.optional(z.looseObject({})), error: z.optional(z.string()) }

export const sessionUp = {
  auth,
  user_message: z.looseObject({ type: z.literal('user_message'), id, data: userMessageInput }),
  interrupt: z.looseObject({ type: z.literal('interrupt'), id }),
  cancel: z.looseObject({ type: z.literal('cancel'), id, uuid: z.string() }),
  answer: z.looseObject({ type: z.literal('answer'), id, ask: z.string(), ...answerFields }),
  call: z.looseObject({ type: z.literal('call'), id, ...callFields }),
  register: z.looseObject({ type: z.literal('register'), id, ...registerFields }),
  mcp_message: z.looseObject({ type: z.literal('mcp_message'), id, ...mcpMessageFields }),
  heartbeat: z.looseObject({ type: z.literal('heartbeat') }),
} satisfies Record<SessionUp['type'], unknown>

export const modelUp = {
  auth,
  park: z.looseObject({ type: z.literal('park') }),
  response: z.looseObject({
    type: z.literal('response'),
    status: z.int().check(z.minimum(200), z.maximum(599)),
    headers: z.record(z.string(), z.string()),
  }),
  end: z.looseObject({ type: z.literal('end') }),
  error: z.looseObject({ type: z.literal('error'), error: z.string(), code: z.string() }),
  heartbeat: z.looseObject({ type: z.literal('heartbeat') }),
} satisfies Record<ModelUp['type'], unknown>

const bytes = z.int().check(z.minimum(0))

export const processUp = {
  auth,
  open: z.looseObject({
    type: z.literal('open'),
    process: z
      .string()
      .check(z.regex(/^[\w-]{16,100}$/, { error: "16 to 100 letters, digits, '-' and '_'" })),
    from: bytes,
    received: bytes,
    args: z.optional(z.array(z.string()).check(z.maxLength(1000))),
    env: z.optional(z.record(z.string(), z.string())),
  }),
  received: z.looseObject({ type: z.literal('received'), bytes }),
  end: z.looseObject({ type: z.literal('end') }),
  kill: z.looseObject({ type: z.literal('kill'), signal: z.enum(['SIGINT', 'SIGKILL', 'SIGTERM']) }),
  heartbeat: z.looseObject({ type: z.literal('heartbeat') }),
} satisfies Record<ProcessUp['type'], unknown>

/** The SDK's ids of conversations. */
export const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

// Bodies of requests take only what is named: a misspelt field must not be lost in silence.

const limit = z.optional(z.number().check(z.minimum(0)))

/** Whether somebody answers what the agent asks, or of which kinds. */
export const interactive = z.union([
  z.boolean(),
  z.array(z.enum(['can_use_tool', 'elicitation', 'dialog'])).check(z.maxLength(3)),
])

/** How a question to the user waits for its answer. */
export const questions = z.enum(['defer', 'hold'])

export const title = z.string().check(z.maxLength(500))
export const metadata = z
  .record(z.string().check(z.maxLength(100)), z.string().check(z.maxLength(2000)))
  .check(z.refine((fields) => Object.keys(fields).length <= 50, { error: 'at most 50 entries' }))

const update = {
  title: z.optional(title),
  metadata: z.optional(metadata),
  limits: z.optional(
    z.strictObject({ maxCostUsd: limit, maxTokens: limit, maxTurns: limit, maxWallMs: limit }),
  ),
  askTimeoutMs: z.optional(z.int().check(z.minimum(0))),
  interactive: z.optional(interactive),
  questions: z.optional(questions),
  // The policy of the server looks at them.
  options: z.optional(z.looseObject({})),
}

export const updateSession = z.strictObject(update)

const sessionId = z
  .string()
  .check(z.regex(/^[\w-]{1,64}$/, { error: "1 to 64 letters, digits, '-' and '_'" }))

export const createSession = z
  .strictObject({
    ...update,
    id: z.optional(sessionId),
    kind: z.optional(z.literal('stdio')),
    transcript: z.optional(z.string().check(z.regex(UUID, { error: 'a UUID' }))),
  })
  .check(
    z.refine(({ kind, transcript }) => kind === undefined || transcript === undefined, {
      error: 'no `kind` beside it: an SDK resumes a conversation by its own options',
      path: ['transcript'],
    }),
  )

export const forkSession = z.strictObject({
  title: update.title,
  metadata: update.metadata,
  options: update.options,
  id: z.optional(sessionId),
  at: z.optional(z.int().check(z.minimum(0))),
})

export const sendMessage = z.looseObject({ data: userMessageInput })

export const callRequest = z.strictObject(callFields)

export const answerAsk = z.strictObject({
  ...answerFields,
  by: z.optional(z.string().check(z.minLength(1), z.maxLength(100))),
})

export const extendLease = z.strictObject({
  timeoutMs: z.int().check(z.minimum(MIN_LEASE_MS), z.maximum(MAX_LEASE_MS)),
})
