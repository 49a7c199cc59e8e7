import { createHash, type Hash } from 'node:crypto'
import { invalidArchive, readEnd, readHeader, readPart, type SectionHeader } from './section.ts'
import type { Piece } from './section-writer.ts'

/** Bytes of the longest line that is no part: the header has options and calls. */
const MAX_LINE = 2 * 1024 * 1024
const NEWLINE = 0x0a

/** What an archive is made of: sections, each whole. A piece of a part may come in several. */
export type ArchiveItem = { header: SectionHeader } | { piece: Piece } | { end: true }

/**
 * Reads an archive: one section, or several one after the other. At most one chunk of the bytes and one line are in memory.
 * @throws AgentServerError `invalid_archive`
 */
export async function* readArchive(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveItem> {
  const source = new ByteSource(bytes)
  try {
    for (let sections = 0; ; sections += 1) {
      source.hash = createHash('sha256')
      const first = await source.line()
      if (first === undefined && sections > 0) return
      if (first === undefined) throw invalidArchive('It is empty.')
      yield { header: readHeader(first) }
      yield* readParts(source)
      yield { end: true }
    }
  } finally {
    await source.close()
  }
}

async function* readParts(source: ByteSource): AsyncGenerator<ArchiveItem> {
  for (;;) {
    const before = source.hash.copy().digest('hex')
    const line = await source.line()
    if (line === undefined) throw invalidArchive('It ends too early.')
    const end = readEnd(line)
    if (end !== undefined) {
      if (end.sha256 === before) return
      throw invalidArchive('Its checksum does not fit what is in it.')
    }
    const part = readPart(line)
    if (part === undefined) throw invalidArchive('It has a part that is none.')
    const { bytes, name, part: kind } = part
    for await (const chunk of source.take(bytes))
      yield { piece: { part: kind, bytes: chunk, ...(name === undefined ? {} : { name }) } }
  }
}

/** Bytes that come in chunks, taken by the line or by number. */
class ByteSource {
  /** Of what was taken since it was set. */
  hash: Hash = createHash('sha256')
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]()
  }

  /** The next line, as JSON; undefined at the end. */
  async line(): Promise<unknown> {
    const parts: Buffer[] = []
    for (let size = 0; ;) {
      if (this.#rest.length === 0 && !(await this.#more())) {
        if (size === 0) return undefined
        throw invalidArchive('It ends within a line.')
      }
      const newline = this.#rest.indexOf(NEWLINE)
      const piece = this.#shift(newline === -1 ? this.#rest.length : newline + 1)
      parts.push(piece)
      size += piece.length
      if (size > MAX_LINE) throw invalidArchive(`A line of it has more than ${MAX_LINE} bytes.`)
      if (newline !== -1) return parse(Buffer.concat(parts))
    }
  }

  /** The next `count` bytes. */
  async *take(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#more())) throw invalidArchive('It ends within a part.')
      const piece = this.#shift(Math.min(left, this.#rest.length))
      left -= piece.length
      yield piece
    }
  }

  /** Nothing more is taken. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  #shift(count: number): Buffer {
    const piece = this.#rest.subarray(0, count)
    this.#rest = this.#rest.subarray(count)
    this.hash.update(piece)
    return piece
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next()
    if (done === true) return false
    this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return true
  }
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString()) as unknown
  } catch (cause) {
    throw invalidArchive('A line of it is not JSON.', cause)
  }
}
