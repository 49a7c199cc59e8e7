import { AgentServerError, type LoggedEvent, type Seq } from '@claude-agent/protocol'
import type { TranscriptHome } from '../agent/transcript-home.ts'
import type { Feed } from '../log/feed.ts'
import type { SessionRecord } from '../session/record.ts'
import { historyLost } from '../session/refusals.ts'
import type { Session } from '../session/session.ts'
import { VERSION } from '../version.ts'
import { FORMAT, FORMAT_VERSION, type ArchivedSession, type SectionHeader } from './section.ts'
import { writeSection, type Piece } from './section-writer.ts'
import { openUpTo, readTranscriptPieces, type OpenTranscript } from './transcript-pieces.ts'
import { findTurnEnd, type TurnEnd } from './turn-ends.ts'

/** Events that are looked at for the first message behind a point. */
const AHEAD = 2_000
/** Bytes of events in one piece. */
const PIECE = 256 * 1024

const NEWLINE = Buffer.from('\n')

export interface Export {
  /** The last event of it. */
  at: Seq
  /** What the session had used there. */
  turnEnd: TurnEnd
  bytes: AsyncIterable<Buffer>
  /** Lets go of what it holds, when `bytes` is not read to its end. */
  release: () => Promise<void>
}

/**
 * A session as one archive, up to the end of a turn: its log, what the model remembers of that, and what it is. Other
 * clients and the agent go on meanwhile.
 * @throws AgentServerError `no_turn_end`; `history_lost` when the transcript is gone
 */
export async function exportSession(session: Session, home: TranscriptHome, at?: Seq): Promise<Export> {
  const { feed, state, record } = session
  const turnEnd = await findTurnEnd(feed, state, record.rest, at)
  const { sdkSessionId, begun, anchor } = turnEnd.conversation
  let transcript: OpenTranscript | undefined
  if (sdkSessionId !== undefined && begun) {
    transcript = await openUpTo(home, sdkSessionId, anchor)
    if (transcript === undefined)
      throw historyLost(
        `The transcript of the conversation ${sdkSessionId} is gone, or is another one: without it nothing can go on from there.`,
      )
  }
  // After the transcript was measured: a prompt is in the log before any agent hears of it.
  const later = new Set([...turnEnd.waiting, ...(await messagesAfter(feed, turnEnd.at))])
  const first = feed.firstSeq
  const header: SectionHeader = {
    ...describeSession(record, turnEnd, home.workspace),
    log: { id: feed.id, first, last: turnEnd.at },
    ...(transcript === undefined
      ? {}
      : { transcript: { sdkSessionId: sdkSessionId!, from: 0, to: transcript.size } }),
  }
  const release = async (): Promise<void> => {
    await transcript?.file.close().catch(() => {})
  }
  async function* pieces(): AsyncGenerator<Piece> {
    yield* readLog(feed, first, turnEnd.at)
    if (transcript !== undefined) yield* readTranscriptPieces(home, sdkSessionId!, transcript, later)
  }
  async function* bytes(): AsyncGenerator<Buffer> {
    try {
      yield* writeSection(header, pieces())
    } finally {
      await release()
    }
  }
  return { at: turnEnd.at, turnEnd, bytes: bytes(), release }
}

/** What every section says of its session. */
export function describeSession(
  record: SessionRecord,
  { usage, calls }: Pick<TurnEnd, 'usage' | 'calls'>,
  workspace: string,
): Omit<SectionHeader, 'log' | 'transcript'> {
  const { id, title, metadata, options, limits, askTimeoutMs, interactive, createdAt, systemPrompt } = record
  const { questions = 'defer' } = record
  const session: ArchivedSession = {
    id,
    ...(title === undefined ? {} : { title }),
    metadata,
    options,
    limits,
    askTimeoutMs,
    interactive,
    questions,
    createdAt,
    ...(systemPrompt === undefined ? {} : { systemPrompt }),
  }
  return {
    archive: FORMAT,
    version: FORMAT_VERSION,
    server: VERSION,
    at: Date.now(),
    session,
    workspace,
    usage,
    calls: calls.map(([key, { method, args }]) => ({ key, method, args })),
  }
}

/** The events from `first` to `last`, as they stand in the log. */
async function* readLog(feed: Pick<Feed, 'read'>, first: Seq, last: Seq): AsyncGenerator<Piece> {
  let next = first
  let held: Buffer[] = []
  let size = 0
  for await (const entries of feed.read(first - 1)) {
    for (const { seq, json } of entries) {
      if (seq! > last) break
      if (seq !== next) throw droppedMeanwhile(next)
      next += 1
      held.push(json, NEWLINE)
      size += json.length + 1
    }
    if (size >= PIECE) {
      yield { part: 'log', bytes: Buffer.concat(held) }
      held = []
      size = 0
    }
    if (next > last) break
  }
  if (next <= last) throw droppedMeanwhile(next)
  if (size > 0) yield { part: 'log', bytes: Buffer.concat(held) }
}

/** The ids of the first messages after an event. */
async function messagesAfter(feed: Feed, at: Seq): Promise<Set<string>> {
  const ids = new Set<string>()
  await feed.settled()
  for await (const entries of feed.read(at)) {
    for (const { event } of entries as Iterable<{ event: LoggedEvent }>) {
      if (event.type === 'user_message') ids.add(event.uuid)
      if (event.type !== 'sdk_message' || (event.data.type !== 'assistant' && event.data.type !== 'user'))
        continue
      const { uuid, parent_tool_use_id: parent } = event.data
      if (uuid !== undefined && !parent) ids.add(uuid)
    }
    if (ids.size > AHEAD) break
  }
  return ids
}

function droppedMeanwhile(seq: Seq): AgentServerError {
  return new AgentServerError({
    code: 'internal',
    message: `Event ${seq} was dropped while the session was copied, because of a limit of its log.`,
    hint: 'Try again; raise CLAUDE_AGENT_MAX_LOG_BYTES.',
  })
}
