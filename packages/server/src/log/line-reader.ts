import type { FileHandle } from 'node:fs/promises'

const NEWLINE = 0x0a

/** Whole lines of a file, newlines included, and where in the file they begin. */
export interface Lines {
  bytes: Buffer
  offset: number
}

/**
 * The lines between two offsets of a file, as many at a time as fit into `stride` bytes; a longer line comes alone.
 * What follows the last newline is left out. The bytes are the reader's to keep.
 */
export async function* readLines(
  file: FileHandle,
  from: number,
  to: number,
  stride: number,
): AsyncGenerator<Lines> {
  let block: Buffer = Buffer.allocUnsafe(Math.min(stride, to - from))
  let held = 0
  let position = from
  while (position < to) {
    // Less than a stride is held, and that is filled up; or the beginning of a long line, of which more is read.
    const isLong = held >= stride
    const wanted = Math.min(isLong ? stride : stride - held, to - position)
    if (block.length < held + wanted) block = enlarge(block, held, Math.max(held + wanted, held * 2))
    const { bytesRead } = await file.read(block, held, wanted, position)
    if (bytesRead === 0) break
    position += bytesRead
    const filled = block.subarray(0, held + bytesRead)
    const end = (isLong ? filled.indexOf(NEWLINE, held) : filled.lastIndexOf(NEWLINE)) + 1
    if (end > 0) yield { bytes: filled.subarray(0, end), offset: position - filled.length }
    held = filled.length - end
    if (end > 0) block = enlarge(filled.subarray(end), held, Math.min(stride, held + to - position))
  }
  const end = block.subarray(0, held).lastIndexOf(NEWLINE) + 1
  if (end > 0) yield { bytes: block.subarray(0, end), offset: position - held }
}

function enlarge(block: Buffer, held: number, length: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(held, length))
  block.copy(larger, 0, 0, held)
  return larger
}
