import type { LoggedEvent, NewEvent, Seq, SessionEvent } from '@claude-agent/protocol'

const NEWLINE = 0x0a
const COMMA = 0x2c
const ZERO = 0x30
const PREFIX = Buffer.from('{"seq":')

/** An event that can be written: serialised, so that whoever made it hears when that fails. */
export interface Draft {
  readonly event: NewEvent
  /** The event as a JSON object. */
  readonly json: string
}

/**
 * An event with its text, which is made once: the line in the log and what every reader is sent are the same bytes.
 */
export class Entry {
  /** Its number; undefined when it is live-only. */
  readonly seq: Seq | undefined
  /** The event as a JSON object in UTF-8, without a newline. */
  readonly json: Buffer
  #event: SessionEvent | undefined

  constructor(seq: Seq | undefined, json: Buffer, event?: SessionEvent) {
    this.seq = seq
    this.json = json
    this.#event = event
  }

  /** The event, parsed at the first look when it came from disk. */
  get event(): SessionEvent {
    this.#event ??= JSON.parse(this.json.toString()) as SessionEvent
    return this.#event
  }
}

/** Numbers drafts from `seq` on. Gives the lines, newlines included, in one piece, and the entries that lie in it. */
export function numberDrafts(
  drafts: readonly Draft[],
  seq: Seq,
  at: number,
): { bytes: Buffer; entries: Entry[] } {
  const lines = drafts.map(({ json }, i) => `{"seq":${seq + i},"at":${at},${json.slice(1)}\n`)
  const lengths = lines.map((line) => Buffer.byteLength(line))
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length, 0))
  const entries: Entry[] = []
  let start = 0
  for (const [i, { event }] of drafts.entries()) {
    const end = start + lengths[i]!
    bytes.write(lines[i]!, start)
    const logged: LoggedEvent = { seq: seq + i, at, ...event }
    entries.push(new Entry(logged.seq, bytes.subarray(start, end - 1), logged))
    start = end
  }
  return { bytes, entries }
}

/** The entries of whole lines, but for those up to `after` and for what is no event. */
export function parseLines(lines: Buffer, after: Seq): Entry[] {
  const entries: Entry[] = []
  let start = 0
  for (let end = lines.indexOf(NEWLINE); end !== -1; end = lines.indexOf(NEWLINE, start)) {
    const seq = seqAt(lines, start)
    if (seq !== undefined && seq > after) entries.push(new Entry(seq, lines.subarray(start, end)))
    start = end + 1
  }
  return entries
}

/** The number of the event whose line starts at `start`, without parsing it; undefined when there is none. */
export function seqAt(bytes: Buffer, start: number): Seq | undefined {
  for (let i = 0; i < PREFIX.length; i += 1) if (bytes[start + i] !== PREFIX[i]) return undefined
  let seq = 0
  for (let at = start + PREFIX.length; at < bytes.length; at += 1) {
    const digit = bytes[at]! - ZERO
    if (digit >= 0 && digit <= 9) seq = seq * 10 + digit
    else return bytes[at] === COMMA && seq > 0 ? seq : undefined
  }
  return undefined
}
