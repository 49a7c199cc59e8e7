import { readdir, readFile, readlink, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { JsonlLog, type JsonlLogOptions } from '../../src/log/jsonl-log.ts'
import { temporaryFolder } from '../support.ts'
import { describeEventLog } from './contract.ts'
import { collect, draft, drafts, range, readFiles, seqsOf } from './support.ts'

describeEventLog('JsonlLog', async (options) => JsonlLog.open(join(await temporaryFolder(), 'log'), options))

async function createLog(options: JsonlLogOptions = {}): Promise<{ log: JsonlLog; directory: string }> {
  const directory = join(await temporaryFolder(), 'a', 'b')
  const log = await JsonlLog.open(directory, options)
  onTestFinished(() => log.close())
  return { log, directory }
}

/** The files below a directory that this process has open. */
async function openFiles(directory: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd')
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return targets.filter((target) => target.startsWith(directory))
}

test('the file is one JSON object a line, with seq, at and type', async () => {
  const { log, directory } = await createLog({ clock: () => 1234 })
  await log.append([draft('line\nbreak'), draft('snow ☃')])
  const text = await readFile(join(directory, 'events-000000000001.jsonl'), 'utf8')
  expect(text).toBe(
    '{"seq":1,"at":1234,"type":"info","data":"line\\nbreak"}\n{"seq":2,"at":1234,"type":"info","data":"snow ☃"}\n',
  )
})

test('the files and their folders are for this user only', async () => {
  const { log, directory } = await createLog()
  await log.append(drafts(1))
  for (const name of await readdir(directory))
    expect([name, (await stat(join(directory, name))).mode & 0o777]).toEqual([name, 0o600])
  for (const path of [directory, join(directory, '..')]) expect((await stat(path)).mode & 0o777).toBe(0o700)
})

test('a log that is opened again has its id and its events, and goes on after them', async () => {
  const { log, directory } = await createLog()
  await log.append(drafts(3))
  await log.close()
  const again = await JsonlLog.open(directory)
  onTestFinished(() => again.close())
  expect([again.id, again.firstSeq, again.lastSeq]).toEqual([log.id, 1, 3])
  await again.append(drafts(2))
  expect(seqsOf(await collect(again.read(1)))).toEqual([2, 3, 4, 5])
})

test('long files begin with the number that they are named after, and join without a gap, also when opened again', async () => {
  const { log, directory } = await createLog({ maxBytes: 64 * 1024 * 1024 })
  const small = await JsonlLog.open(join(directory, 'small'), { maxBytes: 4 * 1024 * 1024 })
  onTestFinished(() => small.close())
  for (let i = 0; i < 30; i += 1) {
    await small.append(drafts(100, 1000))
    await log.append(drafts(100, 1000))
  }
  const names = (await readdir(join(directory, 'small'))).filter((name) => name.startsWith('events-'))
  expect(names.length).toBeGreaterThan(4)
  expect((await readFiles(join(directory, 'small'))).map(({ seq }) => seq)).toEqual(range(1, 3000))
  await small.close()
  const again = await JsonlLog.open(join(directory, 'small'), { maxBytes: 4 * 1024 * 1024 })
  onTestFinished(() => again.close())
  for (const after of [0, 1, 599, 600, 601, 1234, 2998])
    expect(seqsOf(await collect(again.read(after)))).toEqual(range(after + 1, 3000))
})

test('a log holds no file open but while it is written to', async () => {
  const { log, directory } = await createLog()
  expect(await openFiles(directory)).toEqual([])
  await log.append(drafts(100, 5000))
  expect(await openFiles(directory)).toHaveLength(1)
  await log.release()
  expect(await openFiles(directory)).toEqual([])
  await collect(log.read(50))
  await log.sync()
  expect(await openFiles(directory)).toEqual([])
  await log.append(drafts(1))
  await log.close()
  expect(await openFiles(directory)).toEqual([])
})

test('a reader that leaves in the middle leaves no file open', async () => {
  const { log, directory } = await createLog()
  await log.append(drafts(100, 5000))
  await log.release()
  for await (const entries of log.read(0)) if (entries.length > 0) break
  expect(await openFiles(directory)).toEqual([])
})

test('a thousand idle logs cost no descriptor', async () => {
  const folder = await temporaryFolder()
  const logs: JsonlLog[] = []
  for (let i = 0; i < 1000; i += 1) {
    const log = await JsonlLog.open(join(folder, String(i)))
    await log.append(drafts(1))
    await log.release()
    logs.push(log)
  }
  expect(await openFiles(folder)).toEqual([])
  expect(logs.every(({ lastSeq }) => lastSeq === 1)).toBe(true)
})

test('a write that fails says storage_full and keeps the log as it was; it goes on when it can', async () => {
  const { log, directory } = await createLog()
  await log.append([draft('kept')])
  await log.release()
  await rename(directory, `${directory}-away`)
  await expect(log.append([draft('lost')])).rejects.toMatchObject({
    code: 'storage_full',
    retryAfterMs: 1000,
  })
  expect(log.lastSeq).toBe(1)
  await rename(`${directory}-away`, directory)
  await log.append([draft('next')])
  expect((await readFiles(directory)).map(({ data }) => data)).toEqual(['kept', 'next'])
})

test('a sync that fails says storage_full, and the next one makes up for it', async () => {
  const { log, directory } = await createLog()
  await log.append(drafts(3))
  // The directory is new, and what it holds must be made durable too.
  await rename(directory, `${directory}-away`)
  await expect(log.sync()).rejects.toMatchObject({ code: 'storage_full' })
  await rename(`${directory}-away`, directory)
  await log.sync()
  expect((await readFiles(directory)).map(({ seq }) => seq)).toEqual([1, 2, 3])
})
