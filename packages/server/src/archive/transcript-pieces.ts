import type { FileHandle } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { idsOf, readTranscriptLine } from '../agent/transcript-line.ts'
import {
  listSideFiles,
  openConversation,
  openSideFile,
  type SideFile,
  type TranscriptHome,
} from '../agent/transcript-home.ts'
import { readLines } from '../log/line-reader.ts'
import type { Piece } from './section-writer.ts'

/** Bytes of one read. */
const STRIDE = 256 * 1024
/** Bytes of a file beside a transcript that is taken along. */
const MAX_SIDE_FILE = 64 * 1024 * 1024
/** Looks at a transcript until the last message is in it, and the pause before each: the CLI writes a moment later. */
const LOOKS = 20
const LOOK_MS = 100
/** Bytes at the end of a transcript in which the last message is looked for. */
const TAIL = 8 * 1024 * 1024

const NEWLINE = Buffer.from('\n')

/** A transcript that is being copied, as long as it was at one moment. */
export interface OpenTranscript {
  file: FileHandle
  size: number
}

/** Opens the transcript of a conversation once a message is in it; undefined when it never is. */
export async function openUpTo(
  home: TranscriptHome,
  sdkSessionId: string,
  message: string | undefined,
): Promise<OpenTranscript | undefined> {
  for (let look = 0; look < LOOKS; look += 1) {
    if (look > 0) await delay(LOOK_MS)
    const file = await openConversation(home, sdkSessionId)
    if (file === undefined) continue
    const { size } = await file.stat()
    if (message === undefined || (await holds(file, size, message))) return { file, size }
    await file.close()
  }
  return undefined
}

/**
 * The lines of a transcript that a copy has, up to the first one that has one of the messages of `later`. Ends with the
 * files beside it that these lines speak of.
 */
export async function* readTranscriptPieces(
  home: TranscriptHome,
  sdkSessionId: string,
  { file, size }: OpenTranscript,
  later: ReadonlySet<string>,
): AsyncGenerator<Piece> {
  const files = await listSideFiles(home, sdkSessionId)
  const spokenOf = new Set<SideFile>()
  read: for await (const { bytes } of readLines(file, 0, size, STRIDE)) {
    const kept: Buffer[] = []
    let isOver = false
    for (const line of linesOf(bytes)) {
      const entry = tryRead(line)
      if (entry === undefined) continue
      isOver = idsOf(entry).some((id) => later.has(id))
      if (isOver) break
      kept.push(line, NEWLINE)
      for (const side of files) if (!spokenOf.has(side) && line.includes(markOf(side))) spokenOf.add(side)
    }
    if (kept.length > 0) yield { part: 'transcript', bytes: Buffer.concat(kept) }
    if (isOver) break read
  }
  for (const side of spokenOf) yield* readSidePieces(home, side)
}

/** A file beside a transcript, whole. */
export async function* readSidePieces(home: TranscriptHome, side: SideFile): AsyncGenerator<Piece> {
  const file = await openSideFile(home, side)
  if (file === undefined) return
  try {
    const { size } = await file.stat()
    if (size > MAX_SIDE_FILE) return
    for (let position = 0; position < size;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(STRIDE, size - position)), {
        position,
      })
      if (bytesRead === 0) return
      position += bytesRead
      yield { part: 'file', name: side.name, bytes: buffer.subarray(0, bytesRead) }
    }
  } finally {
    await file.close()
  }
}

/** By what the lines of a transcript name a file beside it. */
function markOf({ name }: SideFile): string {
  const file = name.slice(name.indexOf('/') + 1)
  return name.startsWith('subagents/') ? file.replace(/^agent-/, '').replace(/\..*$/, '') : file
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  let start = 0
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
    yield bytes.subarray(start, end)
    start = end + 1
  }
}

function tryRead(line: Buffer): ReturnType<typeof readTranscriptLine> {
  try {
    return readTranscriptLine(line)
  } catch {
    // What the CLI could not read either.
    return undefined
  }
}

async function holds(file: FileHandle, size: number, message: string): Promise<boolean> {
  for (let end = size; end > 0; end -= TAIL) {
    const start = Math.max(0, end - TAIL - message.length)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start)
    if (buffer.subarray(0, bytesRead).includes(message)) return true
  }
  return false
}
