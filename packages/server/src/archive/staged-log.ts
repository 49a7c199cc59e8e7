import { open, type FileHandle } from 'node:fs/promises'
import type { NewEvent, Seq } from '@claude-agent/protocol'
import { segmentPath } from '../log/segment-name.ts'
import { createLogId, writeIdentity } from '../log/log-identity.ts'
import { SessionState } from '../session/state.ts'
import { readEvent } from './archived-event.ts'
import { HeldEvents } from './held-events.ts'
import { LineSplitter } from './line-splitter.ts'
import { invalidArchive } from './section.ts'

/** Bytes of an event. */
const MAX_EVENT = 64 * 1024 * 1024
/** Bytes after which a new segment begins. */
const SEGMENT = 32 * 1024 * 1024

const NEWLINE = Buffer.from('\n')

/** A log that is made of the events of another one, with their numbers, in a folder of its own. */
export class StagedLog {
  /** What the events come to. */
  readonly state: SessionState = new SessionState()
  readonly #folder: string
  readonly #held = new HeldEvents()
  readonly #lines = new LineSplitter(MAX_EVENT, () =>
    invalidArchive(`An event has more than ${MAX_EVENT} bytes.`),
  )
  #file: FileHandle | undefined
  #bytes = 0
  #hasBegun = false
  #last: Seq = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  get lastSeq(): Seq {
    return this.#last
  }

  /** The next events are from this number on. @throws AgentServerError `invalid_archive` */
  begin(first: Seq): void {
    if (!this.#hasBegun) this.#last = first - 1
    else if (first !== this.#last + 1)
      throw invalidArchive(`Events ${this.#last + 1} to ${first - 1} are missing in it.`)
    this.#hasBegun = true
  }

  /** @throws AgentServerError `invalid_archive` */
  async write(bytes: Buffer): Promise<void> {
    const lines: Buffer[] = []
    for (const line of this.#lines.push(bytes)) {
      const event = readEvent(line, this.#last + lines.length + 1)
      try {
        this.#held.hear(event, line.length)
        this.state.apply(event)
      } catch (cause) {
        throw invalidArchive(`Event ${event.seq} cannot be what it says.`, cause)
      }
      if (this.#held.areTooMany)
        throw invalidArchive(`More is open at event ${event.seq} of it than a session can have open.`)
      lines.push(line)
    }
    await this.#append(lines)
  }

  /** The events of a section are over. @throws AgentServerError `invalid_archive` */
  end(last: Seq): void {
    if (this.#lines.isWithin || this.#last !== last)
      throw invalidArchive(`Its events end with ${this.#last}; they should with ${last}.`)
  }

  /** Adds an event of this server's. */
  async add(event: NewEvent): Promise<void> {
    await this.#append([Buffer.from(JSON.stringify({ seq: this.#last + 1, at: Date.now(), ...event }))])
  }

  /** Makes it durable, under an id of its own. */
  async finish(): Promise<void> {
    const bytes = this.#bytes
    await this.close()
    await writeIdentity(
      this.#folder,
      { id: createLogId(), closed: { lastSeq: this.#last, bytes } },
      { durable: true },
    )
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    try {
      await file?.datasync()
    } finally {
      await file?.close()
    }
  }

  async #append(lines: readonly Buffer[]): Promise<void> {
    if (lines.length === 0) return
    if (this.#file !== undefined && this.#bytes > SEGMENT) await this.close()
    if (this.#file === undefined) {
      this.#file = await open(segmentPath(this.#folder, this.#last + 1), 'wx', 0o600)
      this.#bytes = 0
    }
    const whole = Buffer.concat(lines.flatMap((line) => [line, NEWLINE]))
    await this.#file.appendFile(whole)
    this.#bytes += whole.length
    this.#last += lines.length
  }
}
