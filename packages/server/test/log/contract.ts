import { describe, expect, onTestFinished, test } from 'vitest'
import type { EventLog } from '../../src/log/event-log.ts'
import { collect, draft, drafts, range, seqsOf, toDraft } from './support.ts'

export interface TestLogOptions {
  maxBytes?: number
  clock?: () => number
}

/** What every event log does. */
export function describeEventLog(
  name: string,
  create: (options: TestLogOptions) => EventLog | Promise<EventLog>,
): void {
  async function createLog(options: TestLogOptions = {}): Promise<EventLog> {
    const log = await create(options)
    onTestFinished(() => log.close())
    return log
  }

  describe(`${name} as an event log`, () => {
    test('an empty log has no events, and its first number would be 1', async () => {
      const log = await createLog()
      expect([log.firstSeq, log.lastSeq]).toEqual([1, 0])
      expect(await collect(log.read(0))).toEqual([])
      expect(await log.append([])).toEqual([])
      await log.sync()
      expect(log.lastSeq).toBe(0)
    })

    test('two logs have two ids, which fit into a cursor', async () => {
      const [one, other] = [await createLog(), await createLog()]
      expect(one.id).toMatch(/^[\w-]{1,64}$/)
      expect(one.id).not.toBe(other.id)
    })

    test('the first event gets 1, the next ones follow without a gap, across batches', async () => {
      const log = await createLog()
      const first = await log.append([draft('a')])
      const more = await log.append([draft('b'), draft('c')])
      expect(seqsOf([...first, ...more])).toEqual([1, 2, 3])
      expect([log.firstSeq, log.lastSeq]).toEqual([1, 3])
    })

    test('an entry is the event and its text, with seq, at and type first', async () => {
      const log = await createLog({ clock: () => 1234 })
      const appended = await log.append([draft('line\nbreak'), draft('snow ☃ 𝄞 \u2028')])
      const read = await collect(log.read(0))
      for (const entries of [appended, read]) {
        expect(entries[0]!.json.toString()).toBe('{"seq":1,"at":1234,"type":"info","data":"line\\nbreak"}')
        expect(entries.map(({ event }) => event)).toEqual([
          { seq: 1, at: 1234, type: 'info', data: 'line\nbreak' },
          { seq: 2, at: 1234, type: 'info', data: 'snow ☃ 𝄞 \u2028' },
        ])
        for (const { json, event } of entries) expect(JSON.parse(json.toString())).toEqual(event)
      }
    })

    test('an event whose data look like the beginning of a line comes back as it was', async () => {
      const log = await createLog({ clock: () => 7 })
      const tricky = { type: 'info', data: '\n{"seq":9,"at":1}\n' } as const
      const [entry] = await log.append([toDraft(tricky)])
      expect(entry!.event).toEqual({ seq: 1, at: 7, ...tricky })
      expect((await collect(log.read(0))).map(({ event }) => event)).toEqual([{ seq: 1, at: 7, ...tricky }])
    })

    test('a read gives what comes after the cursor, oldest first, in batches', async () => {
      const log = await createLog()
      await log.append(drafts(3))
      expect(seqsOf(await collect(log.read(1)))).toEqual([2, 3])
      expect(await collect(log.read(3))).toEqual([])
      expect(await collect(log.read(99))).toEqual([])
    })

    test('a read ends at the tail as it was at the call', async () => {
      const log = await createLog()
      await log.append(drafts(2))
      const reading = log.read(0)
      await log.append(drafts(1))
      expect(seqsOf(await collect(reading))).toEqual([1, 2])
    })

    test('every cursor of a long log leads to the right event, and no batch is over 64 KiB', async () => {
      const log = await createLog()
      for (let batch = 0; batch < 40; batch += 1)
        await log.append(
          range(1, 25).map((i) => draft(`${batch}/${i} ${'x'.repeat((batch * 37 + i * 101) % 900)}`)),
        )
      for (const after of [0, 1, 62, 63, 64, 65, 499, 500, 998, 999]) {
        const sizes: number[] = []
        const seqs: (number | undefined)[] = []
        for await (const entries of log.read(after)) {
          sizes.push(entries.reduce((sum, { json }) => sum + json.length, 0))
          seqs.push(...seqsOf(entries))
        }
        expect(seqs).toEqual(range(after + 1, 1000))
        expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1024)
      }
    })

    test('events of every size around that of a batch come back whole, with their neighbours', async () => {
      const log = await createLog()
      const sizes = [1, 65_400, 65_490, 65_500, 65_510, 65_536, 131_000, 131_072, 200_000, 5, 600_000, 3]
      for (const size of sizes) await log.append([draft('☃'.repeat(size)), draft('between')])
      const entries = await collect(log.read(0))
      expect(seqsOf(entries)).toEqual(range(1, 2 * sizes.length))
      expect(entries.map(({ event }) => (event.type === 'info' ? event.data.length : 0))).toEqual(
        sizes.flatMap((size) => [size, 'between'.length]),
      )
      expect(seqsOf(await collect(log.read(21)))).toEqual([22, 23, 24])
    })

    test('reads that run while events are appended each see an unbroken piece', async () => {
      const log = await createLog()
      await log.append(drafts(500, 200))
      const readers = range(0, 9).map(async (i) => {
        const seqs: (number | undefined)[] = []
        for await (const entries of log.read(i * 50)) seqs.push(...seqsOf(entries))
        expect(seqs).toEqual(range(i * 50 + 1, 500))
      })
      for (let i = 0; i < 50; i += 1) await log.append(drafts(10, 200))
      await Promise.all(readers)
      expect(seqsOf(await collect(log.read(0)))).toEqual(range(1, 1000))
    })

    test('beyond its bound the oldest events go, and a read tells what is there', async () => {
      const log = await createLog({ maxBytes: 1024 * 1024 })
      for (let i = 0; i < 300; i += 1) await log.append(drafts(10, 1000))
      expect(log.lastSeq).toBe(3000)
      expect(log.firstSeq).toBeGreaterThan(1900)
      expect(log.firstSeq).toBeLessThan(2500)
      expect(seqsOf(await collect(log.read(0)))).toEqual(range(log.firstSeq, 3000))
    })

    test('a read whose events are dropped meanwhile gives what is there, in order', async () => {
      const log = await createLog({ maxBytes: 1024 * 1024 })
      await log.append(drafts(900, 1000))
      const reading = log.read(0)[Symbol.asyncIterator]()
      const seqs = seqsOf(((await reading.next()) as { value: [] }).value) as number[]
      for (let i = 0; i < 300; i += 1) await log.append(drafts(10, 1000))
      for (let next = await reading.next(); !next.done; next = await reading.next())
        seqs.push(...(seqsOf(next.value) as number[]))
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b))
      expect(new Set(seqs).size).toBe(seqs.length)
      expect(seqs.at(-1)).toBeLessThanOrEqual(900)
    })

    test('an event larger than the bound is kept, alone', async () => {
      const log = await createLog({ maxBytes: 256 * 1024 })
      await log.append(drafts(5, 60_000))
      await log.append([draft('y'.repeat(1024 * 1024))])
      const [last] = (await collect(log.read(0))).slice(-1)
      expect(last!.event).toMatchObject({ seq: 6, data: 'y'.repeat(1024 * 1024) })
    })

    test('a log goes on after its release', async () => {
      const log = await createLog()
      await log.append(drafts(2))
      await log.release()
      expect([log.firstSeq, log.lastSeq]).toEqual([1, 2])
      expect(seqsOf(await collect(log.read(0)))).toEqual([1, 2])
      await log.append(drafts(1))
      await log.release()
      await log.release()
      expect(seqsOf(await collect(log.read(1)))).toEqual([2, 3])
    })

    test('a closed log is neither written to nor read', async () => {
      const log = await createLog()
      await log.append(drafts(2))
      await log.close()
      await expect(log.append(drafts(1))).rejects.toMatchObject({ code: 'server_stopping' })
      await expect(collect(log.read(0))).rejects.toMatchObject({ code: 'server_stopping' })
      expect(log.lastSeq).toBe(2)
    })
  })
}
