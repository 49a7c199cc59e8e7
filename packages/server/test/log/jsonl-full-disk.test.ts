import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import { Feed } from '../../src/log/feed.ts'
import { JsonlLog } from '../../src/log/jsonl-log.ts'
import { temporaryFolder, until } from '../support.ts'
import { draft, drafts, info, range, readFiles, TestSink } from './support.ts'
import { Writer } from './writer.ts'

const run = promisify(execFile)
const DISK_BYTES = 512 * 1024

/** A directory on a small disk of its own, and a file on it that takes all room but `free` bytes. */
async function smallDisk(
  skip: TestContext['skip'],
  free: number,
): Promise<{ directory: string; ballast: string }> {
  if (process.getuid?.() !== 0) skip('only root can mount a small disk')
  const disk = join(await temporaryFolder(), 'disk')
  await mkdir(disk)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk])
  } catch (error) {
    skip(`no tmpfs can be mounted here: ${(error as Error).message}`)
  }
  onTestFinished(async () => {
    await run('umount', ['-l', disk])
  })
  const ballast = join(disk, 'ballast')
  await writeFile(ballast, Buffer.alloc(DISK_BYTES - free))
  return { directory: join(disk, 'log'), ballast }
}

test('on a full disk a batch is refused as a whole, and the next one is written when there is room', async ({
  skip,
}) => {
  const { directory, ballast } = await smallDisk(skip, 100 * 1024)
  const log = await JsonlLog.open(directory)
  onTestFinished(() => log.close())
  await log.append(drafts(10, 1000))
  // Both ways to write: at once, and the one for large batches.
  for (const size of [20_000, 100_000])
    await expect(log.append(drafts(10, size))).rejects.toMatchObject({ code: 'storage_full' })
  expect((await readFiles(directory)).map(({ seq }) => seq)).toEqual(range(1, 10))
  await log.append([draft('what is small still fits')])
  await rm(ballast)
  await log.append(drafts(10, 20_000))
  await log.sync()
  expect((await readFiles(directory)).map(({ seq }) => seq)).toEqual(range(1, 21))
})

test('on a full disk offers are refused, while what the agent says waits, in order, for room', async ({
  skip,
}) => {
  const { directory, ballast } = await smallDisk(skip, 64 * 1024)
  const feed = new Feed(await JsonlLog.open(directory))
  onTestFinished(() => feed.close())
  const sink = new TestSink()
  feed.attach(sink, 0)
  expect(await feed.offer(info('first'))).toMatchObject({ seq: 1 })
  feed.publish(info('x'.repeat(100_000)))
  feed.publish(info('after it'))
  const together = feed.offer(info('together with it'))
  await expect(together).rejects.toMatchObject({ code: 'storage_full' })
  await expect(feed.offer(info('later'))).rejects.toMatchObject({ code: 'storage_full' })
  expect(feed.fault).toMatchObject({ code: 'storage_full' })
  expect(sink.seqs).toEqual([1])
  await rm(ballast)
  await until('there is room', () => feed.fault === undefined)
  expect(await feed.offer(info('at last'))).toMatchObject({ seq: 4 })
  await feed.durable()
  expect(sink.seqs).toEqual([1, 2, 3, 4])
  expect((await readFiles(directory)).map(({ data }) => data)).toEqual([
    'first',
    'x'.repeat(100_000),
    'after it',
    'at last',
  ])
})

test('a log cannot begin on a full disk, and begins when there is room', async ({ skip }) => {
  const { directory, ballast } = await smallDisk(skip, 16 * 1024)
  const log = await JsonlLog.open(directory)
  onTestFinished(() => log.close())
  await expect(log.append(drafts(1, 60_000))).rejects.toMatchObject({ code: 'storage_full' })
  expect([log.firstSeq, log.lastSeq]).toEqual([1, 0])
  const other = await JsonlLog.open(directory)
  expect(other.lastSeq).toBe(0)
  await rm(ballast)
  await log.append(drafts(1, 60_000))
  expect((await readFiles(directory)).map(({ seq }) => seq)).toEqual([1])
})

test('a limit of the system on the length of a file refuses a batch as a whole', async () => {
  const directory = join(await temporaryFolder(), 'log')
  const writer = new Writer(directory, 1000, 300 * 1024)
  await writer.exit
  expect(writer.failed).toEqual(['storage_full', writer.written + 1])
  expect((await readFiles(directory)).map(({ seq }) => seq)).toEqual(range(1, writer.written + 1))
  const text = await readFile(join(directory, 'events-000000000001.jsonl'), 'utf8')
  expect(text.length).toBeGreaterThan(250 * 1024)
})
