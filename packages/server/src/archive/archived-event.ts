import type { LoggedEvent, SessionEvent } from '@claude-agent/protocol'
import { userMessageInput } from '@claude-agent/protocol/schema'
import * as z from 'zod/mini'
import { invalidArchive } from './section.ts'

const STATUSES = [
  'idle',
  'queued',
  'running',
  'requires_action',
  'credentials_required',
  'failed',
  'closed',
] as const

/** The fields of events that a session is made of. What else an event has is passed on, and moves nothing here. */
const FIELDS = {
  user_message: z.looseObject({ uuid: z.string(), data: userMessageInput, turn: z.optional(z.string()) }),
  prompt_ended: z.looseObject({
    uuid: z.string(),
    outcome: z.enum(['completed', 'interrupted', 'cancelled', 'failed']),
  }),
  sdk_message: z.looseObject({ data: z.looseObject({ type: z.string(), uuid: z.optional(z.string()) }) }),
  ask: z.looseObject({
    ask: z.string(),
    kind: z.string(),
    data: z.looseObject({}),
    deferred: z.optional(z.boolean()),
  }),
  ask_settled: z.looseObject({
    ask: z.string(),
    outcome: z.enum(['answered', 'cancelled', 'timed_out', 'lost']),
    by: z.optional(z.string()),
  }),
  status: z.looseObject({ status: z.enum(STATUSES) }),
  agent_started: z.looseObject({ sdkSessionId: z.string(), resumed: z.boolean() }),
  call_made: z.looseObject({
    method: z.string(),
    args: z.array(z.unknown()),
    key: z.optional(z.string()),
  }),
  client_registered: z.looseObject({
    client: z.string(),
    owner: z.string(),
    registration: z.looseObject({
      hooks: z.optional(z.looseObject({})),
      mcpServers: z.optional(z.looseObject({})),
    }),
  }),
} satisfies Partial<Record<SessionEvent['type'], z.ZodMiniType>>

const logged = z.looseObject({ seq: z.int(), at: z.number().check(z.minimum(0)), type: z.string() })

/** A line of a log as an event. @throws AgentServerError `invalid_archive` */
export function readEvent(line: Buffer, seq: number): LoggedEvent {
  let value: unknown
  try {
    value = JSON.parse(line.toString())
  } catch (cause) {
    throw invalidArchive(`Event ${seq} is not JSON.`, cause)
  }
  const event = logged.safeParse(value)
  if (!event.success || event.data.seq !== seq)
    throw invalidArchive(`There is no event ${seq} where it should be.`)
  const { type } = event.data
  const fields = Object.hasOwn(FIELDS, type) ? FIELDS[type as keyof typeof FIELDS] : undefined
  const issue = fields?.safeParse(value).error?.issues[0]
  if (issue !== undefined)
    throw invalidArchive(
      `Event ${seq}, '${type.slice(0, 50)}', has a wrong field: '${issue.path.join('.')}'.`,
    )
  return value as LoggedEvent
}
