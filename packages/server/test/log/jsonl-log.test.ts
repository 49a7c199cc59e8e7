import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { LoggedEvent, NewEvent } from '../../src/log/event.ts'
import type { Draft } from '../../src/log/event-log.ts'
import { JsonlLog } from '../../src/log/jsonl-log.ts'
import { temporaryFolder } from '../support.ts'

const info = (data: string): Draft => draft({ type: 'info', data })
const draft = (event: NewEvent): Draft => ({ event, json: JSON.stringify(event) })

async function createLog(): Promise<{ log: JsonlLog; path: string }> {
  const path = join(await temporaryFolder(), 'a', 'b', 'events.jsonl')
  const log = await JsonlLog.create(path, () => 1234)
  onTestFinished(() => log.close().catch(() => {}))
  return { log, path }
}

async function collect(events: AsyncIterable<LoggedEvent>): Promise<LoggedEvent[]> {
  const all: LoggedEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

test('the first event gets 1, the next ones follow without a gap, across batches', async () => {
  const { log } = await createLog()
  expect(log.lastSeq).toBe(0)
  const first = await log.append([info('a')])
  const more = await log.append([info('b'), info('c')])
  expect([...first, ...more].map(({ seq }) => seq)).toEqual([1, 2, 3])
  expect(log.lastSeq).toBe(3)
})

test('the file is one JSON object a line, with seq, at and type', async () => {
  const { log, path } = await createLog()
  await log.append([info('line\nbreak'), info('snow ☃')])
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { seq: 1, at: 1234, type: 'info', data: 'line\nbreak' },
    { seq: 2, at: 1234, type: 'info', data: 'snow ☃' },
  ])
})

test('the file and its folder are for this user only', async () => {
  const { path } = await createLog()
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700)
})

test('a read gives what comes after the cursor, oldest first', async () => {
  const { log } = await createLog()
  await log.append([info('a'), info('b'), info('c')])
  expect((await collect(log.read(1))).map(({ seq }) => seq)).toEqual([2, 3])
  expect(await collect(log.read(3))).toEqual([])
  expect(await collect(log.read(99))).toEqual([])
})

test('a read ends at the tail as it was at the call', async () => {
  const { log } = await createLog()
  await log.append([info('a'), info('b')])
  const seen: number[] = []
  for await (const event of log.read(0)) {
    seen.push(event.seq)
    await log.append([info('later')])
  }
  expect(seen).toEqual([1, 2])
})

test('every cursor of a log of many strides leads to the right event', async () => {
  const { log } = await createLog()
  for (let batch = 0; batch < 40; batch += 1) {
    await log.append(
      Array.from({ length: 25 }, (_, i) => info(`${batch}/${i} ${'x'.repeat((batch * 37 + i * 101) % 900)}`)),
    )
  }
  for (const after of [0, 1, 62, 63, 64, 65, 499, 500, 998, 999]) {
    const events = await collect(log.read(after))
    expect(events.length).toBe(1000 - after)
    expect(events[0]?.seq).toBe(after + 1)
  }
})

test('an event larger than a stride comes back whole, with its neighbours', async () => {
  const { log } = await createLog()
  const huge = '☃'.repeat(200_000)
  await log.append([info('before'), info(huge), info('after')])
  const events = await collect(log.read(0))
  expect(events.map((event) => (event.type === 'info' ? event.data.length : 0))).toEqual([6, 200_000, 5])
  expect(events[1]).toMatchObject({ data: huge })
  expect((await collect(log.read(2))).map(({ seq }) => seq)).toEqual([3])
})

test('a log is never created over another', async () => {
  const { path } = await createLog()
  await expect(JsonlLog.create(path)).rejects.toThrow('EEXIST')
})

test('a write that fails says storage_full and keeps the log as it was', async () => {
  const { log } = await createLog()
  await log.append([info('kept')])
  await log.close()
  await expect(log.append([info('lost')])).rejects.toMatchObject({ code: 'storage_full', retryAfterMs: 1000 })
  expect(log.lastSeq).toBe(1)
})
