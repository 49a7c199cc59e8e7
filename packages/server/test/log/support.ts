import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { isLogged, type EphemeralEvent, type NewEvent } from '@claude-agent/protocol'
import type { Draft, Entry } from '../../src/log/entry.ts'
import type { EventLog } from '../../src/log/event-log.ts'
import { Feed, type FeedOptions } from '../../src/log/feed.ts'
import { JsonlLog } from '../../src/log/jsonl-log.ts'
import type { Sink } from '../../src/log/reader.ts'
import { temporaryFolder } from '../support.ts'

export const info = (data: string): NewEvent => ({ type: 'info', data })
export const toDraft = (event: NewEvent): Draft => ({ event, json: JSON.stringify(event) })
export const draft = (data: string): Draft => toDraft(info(data))
export const drafts = (count: number, size = 0): Draft[] =>
  Array.from({ length: count }, (_, i) => draft(`${i} ${'x'.repeat(size)}`))

/** A message of the SDK that is live-only, told apart by its text. */
export const partial = (text: string): EphemeralEvent => ({
  type: 'sdk_message',
  data: { type: 'tool_progress', text } as never,
})

export const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)

/** Everything that a read gives. */
export async function collect(batches: AsyncIterable<readonly Entry[]>): Promise<Entry[]> {
  const all: Entry[] = []
  for await (const batch of batches) all.push(...batch)
  return all
}

export const seqsOf = (entries: readonly Entry[]): (number | undefined)[] => entries.map(({ seq }) => seq)

/** The events in the files of a log, as another program reads them. */
export async function readFiles(directory: string): Promise<{ seq: number; data?: unknown }[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  const text = texts.join('')
  if (text !== '' && !text.endsWith('\n')) throw new Error('The last line is torn.')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { seq: number })
}

/** A log with some of its methods replaced. */
export function wrap(log: EventLog, methods: Partial<EventLog>): EventLog {
  return {
    get id() {
      return log.id
    },
    get firstSeq() {
      return log.firstSeq
    },
    get lastSeq() {
      return log.lastSeq
    },
    append: (events) => log.append(events),
    sync: () => log.sync(),
    read: (after) => log.read(after),
    release: () => log.release(),
    close: () => log.close(),
    ...methods,
  }
}

/** A feed over a log on disk, some of whose methods are replaced. Both end with the test. */
export async function createFeed(
  methods: (log: EventLog) => Partial<EventLog> = () => ({}),
  options: FeedOptions = {},
): Promise<{ feed: Feed; log: EventLog }> {
  const jsonl = await JsonlLog.open(await temporaryFolder())
  const log = wrap(jsonl, methods(jsonl))
  const feed = new Feed(log, options)
  onTestFinished(() => feed.close())
  return { feed, log }
}

/** A feed with events in its log. */
export async function createFilled(count: number, size = 10): Promise<Feed> {
  const { feed } = await createFeed()
  for (let i = 0; i < count; i += 1) {
    feed.publish(info('x'.repeat(size)))
    if (i % 500 === 0) await feed.room()
  }
  await feed.settled()
  return feed
}

/** Resolves in the next turn of the event loop. */
export const turn = (): Promise<void> => new Promise((go) => setImmediate(go))

/** A sink that takes everything, or holds it back like a socket whose reader sleeps. */
export class TestSink implements Sink {
  readonly writes: (readonly Entry[])[] = []
  readonly gaps: [after: number, first: number][] = []
  readonly caughtUpAt: number[] = []
  readonly failures: unknown[] = []
  isStalled = false
  buffered = 0
  mostBuffered = 0
  #wake: (() => void)[] = []

  write(entries: readonly Entry[]): void {
    this.writes.push(entries)
    if (this.isStalled) for (const { json } of entries) this.buffered += json.length
    this.mostBuffered = Math.max(this.mostBuffered, this.buffered)
  }

  async drained(): Promise<void> {
    while (this.isStalled && this.buffered > 0) await new Promise<void>((go) => this.#wake.push(go))
  }

  gap(after: number, first: number): void {
    this.gaps.push([after, first])
  }

  caughtUp(seq: number): void {
    this.caughtUpAt.push(seq)
  }

  failed(error: unknown): void {
    this.failures.push(error)
  }

  stall(): void {
    this.isStalled = true
  }

  wake(): void {
    this.isStalled = false
    this.buffered = 0
    for (const go of this.#wake.splice(0)) go()
  }

  get entries(): Entry[] {
    return this.writes.flat()
  }

  get seqs(): number[] {
    return this.entries.flatMap(({ seq }) => seq ?? [])
  }

  /** The numbers of what was logged, and the texts of what is live-only. */
  get texts(): string[] {
    return this.entries.map(({ event }) =>
      isLogged(event) ? String(event.seq) : (event.data as unknown as { text: string }).text,
    )
  }
}
