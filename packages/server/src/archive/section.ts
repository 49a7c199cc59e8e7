import type {
  AskKind,
  CallMethod,
  QueryConfig,
  Seq,
  SessionLimits,
  SessionUsage,
} from '@claude-agent/protocol'
import { AgentServerError } from '@claude-agent/protocol'
import { interactive, metadata, questions, title, UUID } from '@claude-agent/protocol/schema'
import * as z from 'zod/mini'

/** Says what a file is, at its very beginning. */
export const FORMAT = 'claude-agent-session'
export const FORMAT_VERSION = 1

/** What a part of an archive is a piece of; its pieces follow one another. */
export type PartName = 'log' | 'transcript' | 'file'

/** The session that an archive is of, without secrets. */
export interface ArchivedSession {
  id: string
  title?: string | undefined
  metadata: Record<string, string>
  options: QueryConfig
  limits: SessionLimits
  askTimeoutMs: number
  interactive: boolean | AskKind[]
  questions?: 'defer' | 'hold' | undefined
  createdAt: number
  /** Hash of the system prompt that the conversation began with. */
  systemPrompt?: string | undefined
}

/** The first line of a section. */
export interface SectionHeader {
  archive: typeof FORMAT
  version: typeof FORMAT_VERSION
  server: string
  /** Milliseconds since 1970. */
  at: number
  session: ArchivedSession
  /** The events in this section: from `first` on, up to `last`. */
  log: { id: string; first: Seq; last: Seq }
  /** Bytes of the transcript that this section has: from `from` on, up to `to` of the file that it was read from. */
  transcript?: { sdkSessionId: string; from: number; to: number } | undefined
  /** The folder that the agent worked in. */
  workspace: string
  usage: SessionUsage
  /** Calls that the agent was changed by, and is to be told again. */
  calls: { key: string; method: CallMethod; args: unknown[] }[]
}

const count = z.number().check(z.minimum(0))
const whole = z.int().check(z.minimum(0))
const limit = z.optional(count)

/** What was used. */
export const usage = z.object({
  costUsd: count,
  inputTokens: count,
  outputTokens: count,
  cacheReadInputTokens: count,
  cacheCreationInputTokens: count,
  turns: whole,
  wallMs: count,
})

const header = z.object({
  archive: z.literal(FORMAT),
  version: z.literal(FORMAT_VERSION),
  server: z.string().check(z.maxLength(100)),
  at: whole,
  session: z.object({
    id: z.string().check(z.maxLength(200)),
    title: z.optional(title),
    metadata,
    // The policy looks at them.
    options: z.looseObject({}),
    limits: z.object({ maxCostUsd: limit, maxTokens: limit, maxTurns: limit, maxWallMs: limit }),
    askTimeoutMs: whole,
    interactive,
    questions: z.optional(questions),
    createdAt: whole,
    systemPrompt: z.optional(z.string().check(z.maxLength(200))),
  }),
  log: z.object({ id: z.string().check(z.maxLength(100)), first: z.int().check(z.minimum(1)), last: whole }),
  transcript: z.optional(z.object({ sdkSessionId: z.string().check(z.regex(UUID)), from: whole, to: whole })),
  workspace: z.string().check(z.maxLength(5000)),
  usage,
  calls: z
    .array(z.object({ key: z.string(), method: z.string(), args: z.array(z.unknown()) }))
    .check(z.maxLength(100)),
})

const part = z.object({
  part: z.enum(['log', 'transcript', 'file']),
  bytes: whole,
  name: z.optional(z.string().check(z.maxLength(300))),
})

const end = z.object({ end: z.literal(true), sha256: z.string() })

/** @throws AgentServerError `invalid_archive` */
export function readHeader(line: unknown): SectionHeader {
  const version = (line as { version?: unknown } | null)?.version
  if ((line as { archive?: unknown } | null)?.archive !== FORMAT)
    throw invalidArchive(`It does not begin as an archive of a session does: {"archive":"${FORMAT}",…}.`)
  if (version !== FORMAT_VERSION)
    throw invalidArchive(
      `It has version ${JSON.stringify(version)?.slice(0, 50)} of the format; this server reads ${FORMAT_VERSION}.`,
    )
  const result = header.safeParse(line)
  if (result.success) return result.data as SectionHeader
  throw invalidArchive(`Its header has a wrong field: '${result.error.issues[0]!.path.join('.')}'.`)
}

export function readPart(line: unknown): z.output<typeof part> | undefined {
  return part.safeParse(line).data
}

export function readEnd(line: unknown): z.output<typeof end> | undefined {
  return end.safeParse(line).data
}

/** An archive that cannot be taken in. What is wrong is named; its contents are not given back. */
export function invalidArchive(why: string, cause?: unknown): AgentServerError {
  return new AgentServerError({
    code: 'invalid_archive',
    message: `The archive cannot be taken in. ${why}`,
    hint: 'Nothing of it was kept. Export it again; docs/history.md has the format.',
    ...(cause === undefined ? {} : { cause }),
  })
}
