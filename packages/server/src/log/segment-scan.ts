import type { FileHandle } from 'node:fs/promises'
import type { Seq } from '@claude-agent/protocol'
import { seqAt } from './entry.ts'
import { readLines } from './line-reader.ts'
import { SparseIndex } from './sparse-index.ts'

/** Bytes of one read. */
const STRIDE = 1024 * 1024
const NEWLINE = 0x0a
const BRACE = 0x7d

/** What is in a segment. */
export interface Scan {
  /** Up to here its events follow one another. */
  bytes: number
  /** The last of these events; the one before the segment when it has none. */
  lastSeq: Seq
  index: SparseIndex
  /** A whole line did not follow, which no torn write explains. */
  isDamaged: boolean
}

/**
 * Goes through a segment from its start, for as long as each line is an event that follows the one before. A line is
 * parsed only when it is the last one or `thorough`: its beginning, its end and the absence of NUL tell of the others,
 * which makes 100 MB a matter of some 100 ms.
 */
export async function scanSegment(
  file: FileHandle,
  first: Seq,
  size: number,
  thorough = false,
): Promise<Scan> {
  const scan: Scan = { bytes: 0, lastSeq: first - 1, index: new SparseIndex(), isDamaged: false }
  let lastLine: Buffer | undefined
  for await (const { bytes, offset } of readLines(file, 0, size, STRIDE)) {
    const hasNul = bytes.includes(0)
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const seq = scan.lastSeq + 1
      const line = bytes.subarray(start, end)
      if (!follows(line, seq) || ((thorough || hasNul) && !isJson(line))) return { ...scan, isDamaged: true }
      scan.index.note(seq, offset + start)
      scan.lastSeq = seq
      scan.bytes = offset + end + 1
      lastLine = line
      start = end + 1
    }
  }
  if (lastLine !== undefined && !thorough && !isJson(lastLine)) return scanSegment(file, first, size, true)
  return scan
}

function follows(line: Buffer, seq: Seq): boolean {
  return seqAt(line, 0) === seq && line[line.length - 1] === BRACE
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString())
    return true
  } catch {
    return false
  }
}
