import { constants, writeSync } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import type { Seq } from '@claude-agent/protocol'
import { parseLines, type Entry } from './entry.ts'
import { readLines } from './line-reader.ts'
import { segmentPath } from './segment-name.ts'
import { scanSegment } from './segment-scan.ts'
import { SparseIndex } from './sparse-index.ts'

/** Bytes of one read. */
const STRIDE = 64 * 1024
/** Bytes up to which a batch is copied into the page cache at once: the way through the thread pool takes longer. */
const AT_ONCE = 256 * 1024
/** Bytes at the end of a segment in which its last event is looked for at first. */
const TAIL = 4 * 1024

/** One file of a log: events from `first` on, one a line. It is open while it is written to, and while it is read. */
export class Segment {
  readonly first: Seq
  readonly path: string
  #bytes: number
  #file: FileHandle | undefined
  #index: SparseIndex | undefined
  #newestAt: number | undefined
  /** The file may be longer than what counts. */
  #isRagged: boolean
  /** What was written since may not be on disk although the system takes it for written. */
  #failedSync = false
  #isDropped = false

  /** `bytes` of the file count; 0 for a new one. */
  constructor(directory: string, first: Seq, bytes = 0, index?: SparseIndex) {
    this.first = first
    this.path = segmentPath(directory, first)
    this.#bytes = bytes
    this.#index = bytes === 0 ? new SparseIndex() : index
    this.#isRagged = bytes === 0
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Writes lines at the end: all of them, or nothing that counts. */
  async append(bytes: Buffer, entries: readonly Entry[], at: number): Promise<void> {
    const file = (this.#file ??= await open(this.path, constants.O_RDWR | constants.O_CREAT, 0o600))
    if (this.#isRagged) await file.truncate(this.#bytes)
    this.#isRagged = true
    try {
      for (let done = 0; done < bytes.length;) done += await this.#writeAt(file, bytes, done)
    } catch (error) {
      await file.truncate(this.#bytes).then(
        () => (this.#isRagged = false),
        () => {},
      )
      throw error
    }
    this.#isRagged = false
    for (const { seq, json } of entries) {
      this.#index?.note(seq!, this.#bytes)
      this.#bytes += json.length + 1
    }
    this.#newestAt = at
  }

  /** The entries after `after` in the first `end` bytes. Nothing when the segment was dropped before. */
  async *read(after: Seq, end: number): AsyncGenerator<Entry[]> {
    const file = await this.#openExisting()
    if (file === undefined) return
    try {
      for await (const { bytes } of readLines(file, await this.#offsetBefore(file, after + 1), end, STRIDE)) {
        const entries = parseLines(bytes, after)
        if (entries.length > 0) yield entries
      }
    } finally {
      await file.close()
    }
  }

  /** Makes durable what was written. */
  async sync(): Promise<void> {
    if (this.#file !== undefined && !this.#failedSync) return this.#sync(this.#file)
    const file = await this.#openExisting('r+')
    if (file === undefined) return
    try {
      if (this.#failedSync) await this.#rewrite(file)
      await this.#sync(file)
    } finally {
      await file.close()
    }
  }

  /** When its last event was written, in milliseconds since 1970. */
  async newestAt(): Promise<number> {
    this.#newestAt ??= await this.#readNewestAt()
    return this.#newestAt
  }

  /** Forgets its index and closes its file. */
  async release(): Promise<void> {
    this.#index = undefined
    await this.finish()
  }

  /** Closes its file: nothing more is written to it. */
  async finish(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => {})
  }

  /** Deletes it. Who reads it reads on. */
  async drop(): Promise<void> {
    this.#isDropped = true
    await this.release()
    await rm(this.path, { force: true }).catch(() => {})
  }

  /** Opens its file; undefined when that was dropped, or is not there to be read. */
  async #openExisting(flags: 'r' | 'r+' = 'r'): Promise<FileHandle | undefined> {
    try {
      return await open(this.path, flags)
    } catch (error) {
      const isGone = flags === 'r' && (error as NodeJS.ErrnoException).code === 'ENOENT'
      if (this.#isDropped || isGone) return undefined
      throw error
    }
  }

  async #sync(file: FileHandle): Promise<void> {
    this.#failedSync = true
    await file.datasync()
    this.#failedSync = false
  }

  /** Writes what it can of the bytes from `done` on. Resolves with how many that were. */
  async #writeAt(file: FileHandle, bytes: Buffer, done: number): Promise<number> {
    const length = bytes.length - done
    const position = this.#bytes + done
    if (length <= AT_ONCE) return writeSync(file.fd, bytes, done, length, position)
    return (await file.write(bytes, done, length, position)).bytesWritten
  }

  /** After a sync that failed the system forgets what it could not write: it is told again, from its own cache. */
  async #rewrite(file: FileHandle): Promise<void> {
    const chunk = Buffer.allocUnsafe(STRIDE)
    for (let position = 0; position < this.#bytes;) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(STRIDE, this.#bytes - position), position)
      if (bytesRead === 0) return
      position += (await file.write(chunk, 0, bytesRead, position)).bytesWritten
    }
  }

  async #offsetBefore(file: FileHandle, seq: Seq): Promise<number> {
    if (seq <= this.first || this.#bytes <= STRIDE) return 0
    this.#index ??= (await scanSegment(file, this.first, this.#bytes)).index
    return this.#index.offsetBefore(seq)
  }

  async #readNewestAt(): Promise<number> {
    const file = await this.#openExisting()
    if (file === undefined) return 0
    try {
      for (let length = Math.min(TAIL, this.#bytes); ; length = Math.min(length * 2, this.#bytes)) {
        const { buffer } = await file.read(Buffer.alloc(length), 0, length, this.#bytes - length)
        const start = buffer.lastIndexOf('\n', -2) + 1
        if (start > 0 || length === this.#bytes) return parseAt(buffer.subarray(start, start + 64).toString())
      }
    } finally {
      await file.close()
    }
  }
}

/** When an event was written, from the beginning of its line. */
function parseAt(line: string): number {
  return Number(/^\{"seq":\d+,"at":(\d+)/.exec(line)?.[1] ?? 0)
}
