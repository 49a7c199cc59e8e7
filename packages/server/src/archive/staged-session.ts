import { rm } from 'node:fs/promises'
import {
  AgentServerError,
  REDACTED,
  type CopiedEvent,
  type Seq,
  type SessionUsage,
} from '@claude-agent/protocol'
import type { TranscriptHome } from '../agent/transcript-home.ts'
import type { RecordFields } from '../session/record.ts'
import { storageFull } from '../log/event-log.ts'
import { acceptCall } from '../policy/calls.ts'
import type { ArchiveItem } from './section-reader.ts'
import { invalidArchive, type SectionHeader } from './section.ts'
import { StagedLog } from './staged-log.ts'
import { StagedTranscript } from './staged-transcript.ts'

export const NO_USAGE: SessionUsage = {
  costUsd: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
  turns: 0,
  wallMs: 0,
}

/** What a copy is to be, apart from what it is a copy of. */
export interface CopyAs {
  source: CopiedEvent['source']
  /** What the session has used so far. @default as the archive says */
  usage?: SessionUsage
  /** The SDK's id of the conversation, for that of the archive. */
  conversation: (sdkSessionId: string) => Promise<string>
}

/**
 * A session that is made of an archive, in a folder of its own: nobody hears of it before it is whole. Nothing in the
 * archive is trusted: each event and each line is looked at, calls go through the policy, and no path of it is used.
 */
export class StagedSession {
  readonly folder: string
  /** What its record is to say. */
  readonly fields: Omit<RecordFields, 'id'>
  readonly #transcript: StagedTranscript

  private constructor(
    folder: string,
    { session, log: { id: log, last: at } }: SectionHeader,
    { source }: CopyAs,
    updatedSeq: Seq,
    transcript: StagedTranscript,
  ) {
    const { title, metadata, limits, askTimeoutMs, interactive, questions, systemPrompt } = session
    const origin = { source, from: session.id, log, at }
    const said = { title, metadata, limits, askTimeoutMs, interactive, questions, systemPrompt }
    this.folder = folder
    this.fields = { ...said, isPlain: false, origin, updatedSeq }
    this.#transcript = transcript
  }

  /** @throws AgentServerError `invalid_archive`, `call_refused`, `storage_full` */
  static async read(
    first: SectionHeader,
    items: AsyncIterable<ArchiveItem>,
    folder: string,
    home: TranscriptHome,
    as: CopyAs,
  ): Promise<StagedSession> {
    const log = new StagedLog(folder)
    const transcript = new StagedTranscript(folder, home)
    try {
      const targets = new Map<string, string>()
      const target = async (id: string): Promise<string> => {
        if (!targets.has(id)) targets.set(id, await as.conversation(id))
        return targets.get(id)!
      }
      const header = await readSections(first, items, log, transcript, target)
      await finishLog(log, header, as, transcript.target)
      return new StagedSession(folder, header, as, log.lastSeq, transcript)
    } catch (error) {
      await Promise.allSettled([log.close(), transcript.close()])
      await rm(folder, { recursive: true, force: true })
      throw isOfSystem(error) ? storageFull(error) : error
    }
  }

  /** Puts the transcript where the CLI looks for it. @throws AgentServerError `storage_full` */
  async place(): Promise<void> {
    await this.#transcript.place()
  }

  async discard(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Reads what follows the first header. Gives the last one. */
async function readSections(
  first: SectionHeader,
  items: AsyncIterable<ArchiveItem>,
  log: StagedLog,
  transcript: StagedTranscript,
  target: (sdkSessionId: string) => Promise<string>,
): Promise<SectionHeader> {
  let header = first
  const begin = async (): Promise<void> => {
    log.begin(header.log.first)
    await transcript.begin(header, target)
  }
  await begin()
  for await (const item of items) {
    if ('header' in item) {
      if (header.session.id !== item.header.session.id || header.log.id !== item.header.log.id)
        throw invalidArchive('It has sections of several sessions.')
      header = item.header
      await begin()
    } else if ('end' in item) {
      log.end(header.log.last)
      await transcript.end()
    } else if (item.piece.part === 'log') await log.write(item.piece.bytes)
    else if (item.piece.part === 'transcript') await transcript.write(item.piece.bytes)
    else await transcript.writeSide(item.piece.name, item.piece.bytes)
  }
  return header
}

/** What this server has to say of it: where it is from, and what its agents are to be told. */
async function finishLog(
  log: StagedLog,
  header: SectionHeader,
  as: CopyAs,
  sdkSessionId?: string,
): Promise<void> {
  const calls = header.calls.map(({ key, method, args }) => {
    if (JSON.stringify(args).includes(REDACTED)) return { key, method, args: undefined }
    const accepted = acceptCall(method, args)
    // It would be made on each further process of the agent.
    if (accepted.key === undefined) throw invalidArchive(`The call '${method}' in it is none that lasts.`)
    return { key: accepted.key, method, args: accepted.shown }
  })
  await log.add({
    type: 'copied',
    source: as.source,
    from: header.session.id,
    log: header.log.id,
    at: header.log.last,
    ...(sdkSessionId === undefined ? {} : { sdkSessionId }),
    usage: as.usage ?? header.usage,
  })
  for (const { key, method, args } of calls) {
    if (args !== undefined) await log.add({ type: 'call_made', method, args, key, by: 'copy' })
    else
      await log.add({
        type: 'error',
        code: 'call_failed',
        error: `'${method}', which was called before, does not count here: its secrets are not in an archive.`,
        hint: 'Call it again.',
      })
  }
  await log.finish()
}

function isOfSystem(error: unknown): boolean {
  return !(error instanceof AgentServerError) && typeof (error as { syscall?: unknown }).syscall === 'string'
}
