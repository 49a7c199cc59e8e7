import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { Seq } from '@claude-agent/protocol'
import {
  listSideFiles,
  openConversation,
  openSideFile,
  type TranscriptHome,
} from '../agent/transcript-home.ts'
import { readTranscriptLine } from '../agent/transcript-line.ts'
import { describeSession } from '../archive/export.ts'
import { writeSection, type Piece } from '../archive/section-writer.ts'
import { readSidePieces } from '../archive/transcript-pieces.ts'
import type { SectionHeader } from '../archive/section.ts'
import { createLogId } from '../log/log-identity.ts'
import { readLines } from '../log/line-reader.ts'
import type { Session } from '../session/session.ts'

/** Bytes of events, and of the transcript, after which a section ends. */
const MAX_BYTES = 4 * 1024 * 1024
/** Bytes of files beside the transcript in one section. */
const MAX_SIDE_BYTES = 16 * 1024 * 1024
/** Bytes before the end of what was taken of a transcript, by which it is known again. */
const KNOWN = 1024

const NEWLINE = Buffer.from('\n')

/** How far the sections of a session reach. */
export interface MirrorPosition {
  /** Sections of one generation follow one another; a later one begins from the start. Names sort by time. */
  generation: string
  /** The last section. */
  number: number
  log: { id: string; seq: Seq }
  transcript?: { sdkSessionId: string; to: number; known: string } | undefined
  /** The files beside the transcript that were taken, with what tells that they have changed. */
  files: Record<string, string>
}

export interface CutSection {
  position: MirrorPosition
  bytes: AsyncIterable<Buffer>
}

/** What a session has come to since the last section; undefined for nothing. */
export async function cutSection(
  session: Session,
  home: TranscriptHome,
  before: MirrorPosition | undefined,
): Promise<CutSection | undefined> {
  const { feed, state, record } = session
  const isSame = before !== undefined && before.log.id === feed.id && before.log.seq >= feed.firstSeq - 1
  const from = isSame ? before : undefined
  const log = await takeLog(session, from?.log.seq ?? feed.firstSeq - 1)
  const transcript = await takeTranscript(session, home, from?.transcript)
  if (log.pieces.length === 0 && transcript.position?.to === from?.transcript?.to) return undefined
  const isAnew = transcript.header?.from === 0
  const files = isAnew ? {} : { ...from?.files }
  const sides = session.isAtRest ? await changedFiles(session, home, files) : []
  const header: SectionHeader = {
    ...describeSession(record, { usage: state.usageNow, calls: [...state.calls] }, home.workspace),
    log: { id: feed.id, first: log.first, last: log.last },
    ...(transcript.header === undefined ? {} : { transcript: transcript.header }),
  }
  async function* pieces(): AsyncGenerator<Piece> {
    yield* log.pieces
    yield* transcript.pieces
    for (const side of sides) yield* readSidePieces(home, side)
  }
  return {
    position: {
      generation: from?.generation ?? `${Date.now()}-${createLogId()}`,
      number: (before?.number ?? 0) + 1,
      log: { id: feed.id, seq: log.last },
      transcript: transcript.position,
      files,
    },
    bytes: writeSection(header, pieces()),
  }
}

async function takeLog({ feed }: Session, after: Seq): Promise<{ first: Seq; last: Seq; pieces: Piece[] }> {
  const held: Buffer[] = []
  let last = after
  let size = 0
  for await (const entries of feed.read(after)) {
    for (const { seq, json } of entries) {
      if (size >= MAX_BYTES || seq !== last + 1) break
      held.push(json, NEWLINE)
      size += json.length + 1
      last = seq
    }
    if (size >= MAX_BYTES) break
  }
  const pieces: Piece[] = held.length === 0 ? [] : [{ part: 'log', bytes: Buffer.concat(held) }]
  return { first: after + 1, last, pieces }
}

interface TakenTranscript {
  header?: NonNullable<SectionHeader['transcript']>
  pieces: Piece[]
  position: MirrorPosition['transcript']
}

/** The whole lines behind those that were taken; from the start, where the file is another one. */
async function takeTranscript(
  { state }: Session,
  home: TranscriptHome,
  before: MirrorPosition['transcript'],
): Promise<TakenTranscript> {
  const { sdkSessionId } = state.conversation
  const file = sdkSessionId === undefined ? undefined : await openConversation(home, sdkSessionId)
  if (sdkSessionId === undefined || file === undefined) return { pieces: [], position: before }
  try {
    const { size } = await file.stat()
    const goesOn =
      before?.sdkSessionId === sdkSessionId &&
      (await knownAt(file, Math.min(before.to, size))) === before.known
    const from = goesOn ? before.to : 0
    let to = from
    const kept: Buffer[] = []
    for await (const { bytes, offset } of readLines(file, from, size, 256 * 1024)) {
      for (const line of linesOf(bytes)) if (isKept(line)) kept.push(line, NEWLINE)
      to = offset + bytes.length
      if (to - from >= MAX_BYTES) break
    }
    if (to === from) return { pieces: [], position: before }
    return {
      header: { sdkSessionId, from, to },
      pieces: kept.length === 0 ? [] : [{ part: 'transcript', bytes: Buffer.concat(kept) }],
      position: { sdkSessionId, to, known: await knownAt(file, to) },
    }
  } finally {
    await file.close()
  }
}

/** The files beside the transcript that are to be taken now; noted in `files`. */
async function changedFiles(
  { state }: Session,
  home: TranscriptHome,
  files: Record<string, string>,
): Promise<Awaited<ReturnType<typeof listSideFiles>>> {
  const { sdkSessionId } = state.conversation
  if (sdkSessionId === undefined) return []
  const changed = []
  let room = MAX_SIDE_BYTES
  for (const side of await listSideFiles(home, sdkSessionId)) {
    const file = await openSideFile(home, side)
    if (file === undefined) continue
    const { size, mtimeMs } = await file.stat()
    await file.close()
    const mark = `${size}:${mtimeMs}`
    if (files[side.name] === mark || size > room) continue
    room -= size
    files[side.name] = mark
    changed.push(side)
  }
  return changed
}

async function knownAt(file: FileHandle, end: number): Promise<string> {
  const length = Math.min(KNOWN, end)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, end - length)
  return createHash('sha256').update(`${end}:`).update(buffer.subarray(0, bytesRead)).digest('base64url')
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  let start = 0
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
    yield bytes.subarray(start, end)
    start = end + 1
  }
}

function isKept(line: Buffer): boolean {
  try {
    return readTranscriptLine(line) !== undefined
  } catch {
    return false
  }
}
