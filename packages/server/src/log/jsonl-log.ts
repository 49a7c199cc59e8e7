import { writeSync } from 'node:fs'
import { open, mkdir, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AgentServerError } from '@claude-agent/protocol'
import type { LoggedEvent, Seq } from './event.ts'
import type { Draft, EventLog } from './event-log.ts'

/** Bytes between two entries of the sparse index, and the size of one read. */
const STRIDE = 64 * 1024
const NEWLINE = 0x0a
/** Bytes up to which a batch is copied into the page cache at once: the way through the thread pool takes longer. */
const AT_ONCE = 256 * 1024

/** An event log in a file of JSON lines, plain enough for `tail -f` and `jq`. */
export class JsonlLog implements EventLog {
  readonly #file: FileHandle
  readonly #clock: () => number
  /** Where some events begin: `[seq, offset]`, about one per stride. */
  readonly #index: [Seq, number][] = []
  #lastSeq: Seq = 0
  #size = 0

  private constructor(file: FileHandle, clock: () => number) {
    this.#file = file
    this.#clock = clock
  }

  /** Creates the file and its folder, readable by this user only. The file must not exist. */
  static async create(path: string, clock: () => number = Date.now): Promise<JsonlLog> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return new JsonlLog(await open(path, 'wx+', 0o600), clock)
  }

  get lastSeq(): Seq {
    return this.#lastSeq
  }

  async append(drafts: readonly Draft[]): Promise<LoggedEvent[]> {
    const at = this.#clock()
    const marks: [Seq, number][] = []
    let lastMark = this.#index.at(-1)?.[1] ?? -STRIDE
    let offset = this.#size
    const logged: LoggedEvent[] = []
    const lines: Buffer[] = []
    for (const [i, { event, json }] of drafts.entries()) {
      const seq = this.#lastSeq + i + 1
      const line = Buffer.from(`{"seq":${seq},"at":${at},${json.slice(1)}\n`)
      if (offset - lastMark >= STRIDE) marks.push([seq, (lastMark = offset)])
      offset += line.length
      logged.push({ seq, at, ...event })
      lines.push(line)
    }
    await this.#write(lines.length === 1 ? lines[0]! : Buffer.concat(lines))
    this.#size = offset
    this.#lastSeq += drafts.length
    this.#index.push(...marks)
    return logged
  }

  async *read(after: Seq): AsyncGenerator<LoggedEvent> {
    const last = this.#lastSeq
    const end = this.#size
    if (after >= last) return
    let rest: Buffer = Buffer.alloc(0)
    for (let position = this.#offsetBefore(after + 1); position < end;) {
      const chunk = Buffer.allocUnsafe(Math.min(STRIDE, end - position))
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, position)
      if (bytesRead === 0) break
      position += bytesRead
      const text =
        rest.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([rest, chunk.subarray(0, bytesRead)])
      let start = 0
      for (let stop = text.indexOf(NEWLINE); stop !== -1; stop = text.indexOf(NEWLINE, start)) {
        const event = JSON.parse(text.toString('utf8', start, stop)) as LoggedEvent
        start = stop + 1
        if (event.seq > after) yield event
        if (event.seq >= last) return
      }
      rest = text.subarray(start)
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  /** Writes all of it at the end, or takes back what was written of it. */
  async #write(bytes: Buffer): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        done += await this.#writeAt(bytes, done)
      }
    } catch (cause) {
      await this.#file.truncate(this.#size).catch(() => {})
      throw new AgentServerError({
        code: 'storage_full',
        message: `The event log could not be written: ${(cause as Error).message}`,
        hint: 'Make room on the disk of CLAUDE_AGENT_DATA_DIR; the session goes on by itself then.',
        retryAfterMs: 1000,
        cause,
      })
    }
  }

  /** Writes what it can of the bytes from `done` on. Resolves with how many that were. */
  async #writeAt(bytes: Buffer, done: number): Promise<number> {
    const length = bytes.length - done
    const position = this.#size + done
    if (length <= AT_ONCE) return writeSync(this.#file.fd, bytes, done, length, position)
    return (await this.#file.write(bytes, done, length, position)).bytesWritten
  }

  /** The offset of the nearest indexed event at or before `seq`. */
  #offsetBefore(seq: Seq): number {
    let low = 0
    let high = this.#index.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#index[middle]![0] <= seq) low = middle + 1
      else high = middle
    }
    return this.#index[low - 1]?.[1] ?? 0
  }
}
