import type { LoggedEvent, SessionEvent } from '@claude-agent/protocol'
import { userMessageInput } from '@claude-agent/protocol/schema'
import * as z from 'zod/mini'
import { invalidArchive, usage } from './section.ts'

const STATUSES = [
  'idle',
  'queued',
  'running',
  'requires_action',
  'credentials_required',
  'failed',
  'closed',
] as const

const id = z.string().check(z.maxLength(200))
const name = z.string().check(z.maxLength(2000))

/** The fields of events that a session is made of. What else an event has is passed on, and moves nothing here. */
const FIELDS = {
  user_message: z.looseObject({ uuid: id, data: userMessageInput, turn: z.optional(z.string()) }),
  prompt_ended: z.looseObject({
    uuid: id,
    outcome: z.enum(['completed', 'interrupted', 'cancelled', 'failed']),
  }),
  sdk_message: z.looseObject({
    data: z.looseObject({ type: z.string(), uuid: z.optional(id), session_id: z.optional(id) }),
  }),
  ask: z.looseObject({
    ask: id,
    kind: z.string(),
    data: z.looseObject({}),
    deferred: z.optional(z.boolean()),
  }),
  ask_settled: z.looseObject({
    ask: id,
    outcome: z.enum(['answered', 'cancelled', 'timed_out', 'lost']),
    by: z.optional(name),
  }),
  status: z.looseObject({ status: z.enum(STATUSES) }),
  agent_started: z.looseObject({ sdkSessionId: id, resumed: z.boolean() }),
  call_made: z.looseObject({
    method: id,
    args: z.array(z.unknown()),
    key: z.optional(name),
  }),
  copied: z.looseObject({ sdkSessionId: z.optional(id), usage }),
  client_registered: z.looseObject({
    client: id,
    owner: id,
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
