import { createHash } from 'node:crypto'
import type { PartName, SectionHeader } from './section.ts'

/** A piece of a part. */
export interface Piece {
  part: PartName
  bytes: Buffer
  /** Of a file beside the transcript. */
  name?: string
}

/** A section of an archive, piece by piece: its header, its parts, and the hash of all that. */
export async function* writeSection(
  header: SectionHeader,
  pieces: AsyncIterable<Piece>,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  const pass = (bytes: Buffer): Buffer => {
    hash.update(bytes)
    return bytes
  }
  yield pass(line(header))
  for await (const { bytes, ...part } of pieces) {
    yield pass(line({ ...part, bytes: bytes.length }))
    if (bytes.length > 0) yield pass(bytes)
  }
  yield line({ end: true, sha256: hash.digest('hex') })
}

function line(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}
