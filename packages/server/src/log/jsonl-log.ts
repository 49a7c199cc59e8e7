import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Seq } from '@claude-agent/protocol'
import { numberDrafts, type Draft, type Entry } from './entry.ts'
import { logClosed, storageFull, type EventLog } from './event-log.ts'
import { grouped, oneByOne } from './grouped.ts'
import {
  changedDirectories,
  readBootId,
  syncDirectory,
  writeIdentity,
  type LogIdentity,
} from './log-identity.ts'
import { recoverLog, type Recovered } from './log-recovery.ts'
import { Segment } from './segment.ts'

/** Bytes of a segment when the log has no bound. */
const SEGMENT_BYTES = 32 * 1024 * 1024
const MIN_SEGMENT_BYTES = 256 * 1024

export interface JsonlLogOptions {
  /** Bytes beyond which the oldest segments are dropped. @default Infinity */
  maxBytes?: number
  /** Milliseconds after which segments are dropped, counted from their last event. @default Infinity */
  maxAgeMs?: number
  /** Resolves whether the oldest events may be dropped: what they told is kept elsewhere. @default always */
  beforeDrop?: () => Promise<boolean>
  /** Milliseconds since 1970. @default Date.now */
  clock?: () => number
  /** What names this boot of the machine; undefined where nothing does. @default the kernel's */
  bootId?: string | undefined
}

/**
 * An event log in files of JSON lines, `events-<first seq>.jsonl`, plain enough for `tail -f` and `jq`, and a
 * `log.json` with its id. It holds a file open from the first `append` to `release()`, and for the time of a read.
 */
export class JsonlLog implements EventLog {
  readonly #directory: string
  readonly #maxBytes: number
  readonly #maxAgeMs: number
  readonly #mayDrop: () => Promise<boolean>
  readonly #clock: () => number
  readonly #boot: string | undefined
  readonly #inTurn = oneByOne()
  readonly #syncAll = grouped(() => this.#makeDurable())
  readonly #unsynced = new Set<Segment>()
  readonly #unsyncedDirectories: Set<string>
  #identity: LogIdentity
  #segments: Segment[]
  #lastSeq: Seq
  #isClosed = false

  private constructor(
    directory: string,
    made: string | undefined,
    recovered: Recovered,
    options: JsonlLogOptions,
  ) {
    this.#directory = directory
    this.#unsyncedDirectories = new Set(made === undefined ? [] : changedDirectories(directory, made))
    this.#identity = recovered.identity
    this.#segments = recovered.segments
    this.#lastSeq = recovered.lastSeq
    this.#maxBytes = options.maxBytes ?? Infinity
    this.#maxAgeMs = options.maxAgeMs ?? Infinity
    this.#mayDrop = options.beforeDrop ?? (() => Promise.resolve(true))
    this.#clock = options.clock ?? Date.now
    this.#boot = bootOf(options)
  }

  /** Opens the log in a directory, or creates it there, readable by this user only. Nothing stays open. */
  static async open(directory: string, options: JsonlLogOptions = {}): Promise<JsonlLog> {
    const path = resolve(directory)
    const made = await mkdir(path, { recursive: true, mode: 0o700 })
    const log = new JsonlLog(path, made, await recoverLog(path, bootOf(options)), options)
    await log.#dropOldest()
    return log
  }

  get id(): string {
    return this.#identity.id
  }

  get firstSeq(): Seq {
    return this.#segments[0]?.first ?? this.#lastSeq + 1
  }

  get lastSeq(): Seq {
    return this.#lastSeq
  }

  append(drafts: readonly Draft[]): Promise<Entry[]> {
    return this.#inTurn(() => this.#append(drafts))
  }

  async sync(): Promise<void> {
    if (this.#isClosed) throw logClosed()
    await this.#syncAll()
  }

  read(after: Seq): AsyncIterable<readonly Entry[]> {
    return this.#readParts(
      after,
      this.#segments.map((segment) => ({ segment, end: segment.bytes })),
    )
  }

  release(): Promise<void> {
    return this.#inTurn(() => this.#release())
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#release()
      this.#isClosed = true
    })
  }

  async #append(drafts: readonly Draft[]): Promise<Entry[]> {
    if (this.#isClosed) throw logClosed()
    if (drafts.length === 0) return []
    const at = this.#clock()
    const { bytes, entries } = numberDrafts(drafts, this.#lastSeq + 1, at)
    try {
      await this.#markUse()
      const segment = await this.#segmentForMore()
      await segment.append(bytes, entries, at)
      this.#unsynced.add(segment)
    } catch (error) {
      throw storageFull(error)
    }
    this.#lastSeq += entries.length
    if (this.#bytes > this.#maxBytes) await this.#dropOldest()
    return entries
  }

  async *#readParts(
    after: Seq,
    parts: { segment: Segment; end: number }[],
  ): AsyncGenerator<readonly Entry[]> {
    for (const [i, { segment, end }] of parts.entries()) {
      if (this.#isClosed) throw logClosed()
      const next = parts[i + 1]?.segment.first ?? Infinity
      if (next > after + 1) yield* segment.read(after, end)
    }
  }

  /** The last segment, or a new one when that has enough. */
  async #segmentForMore(): Promise<Segment> {
    const last = this.#segments.at(-1)
    const limit = Math.max(
      MIN_SEGMENT_BYTES,
      this.#maxBytes === Infinity ? SEGMENT_BYTES : this.#maxBytes / 8,
    )
    if (last !== undefined && last.bytes < limit) return last
    await last?.finish()
    const next = new Segment(this.#directory, this.#lastSeq + 1)
    this.#unsyncedDirectories.add(this.#directory)
    this.#segments.push(next)
    await this.#dropOldest()
    return next
  }

  /** Says on disk that the log is not cleanly closed any more, before anybody can hear of an event that may be lost. */
  async #markUse(): Promise<void> {
    if (this.#identity.closed === undefined) return
    const identity = { id: this.id, ...(this.#boot === undefined ? {} : { boot: this.#boot }) }
    await writeIdentity(this.#directory, identity, { durable: true })
    this.#identity = identity
  }

  async #makeDurable(): Promise<void> {
    const segments = [...this.#unsynced]
    const directories = [...this.#unsyncedDirectories]
    this.#unsynced.clear()
    this.#unsyncedDirectories.clear()
    try {
      for (const segment of segments) await segment.sync()
      for (const directory of directories) await syncDirectory(directory)
    } catch (error) {
      for (const segment of segments) this.#unsynced.add(segment)
      for (const directory of directories) this.#unsyncedDirectories.add(directory)
      throw storageFull(error)
    }
  }

  async #release(): Promise<void> {
    const bytes = this.#segments.at(-1)?.bytes ?? 0
    try {
      await this.#syncAll()
      if (this.#identity.closed === undefined) {
        const identity = { id: this.id, closed: { lastSeq: this.#lastSeq, bytes } }
        await writeIdentity(this.#directory, identity, { durable: false })
        this.#identity = identity
      }
    } catch {
      // What could not be made durable is not called closed: should the power go, the log gets a new id.
    }
    await Promise.all(this.#segments.map((segment) => segment.release()))
  }

  get #bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Drops what is too much or too old, by whole segments, but never the last one. */
  async #dropOldest(): Promise<void> {
    const tooOld = this.#clock() - this.#maxAgeMs
    let mayDrop = false
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0]!
      const isTooOld = this.#maxAgeMs !== Infinity && (await oldest.newestAt()) < tooOld
      if (this.#bytes <= this.#maxBytes && !isTooOld) return
      mayDrop ||= await this.#mayDrop()
      if (!mayDrop) return
      this.#segments = this.#segments.slice(1)
      this.#unsynced.delete(oldest)
      await oldest.drop()
    }
  }
}

function bootOf(options: JsonlLogOptions): string | undefined {
  return 'bootId' in options ? options.bootId : readBootId()
}
