import { appendFile, copyFile, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { JsonlLog, type JsonlLogOptions } from '../../src/log/jsonl-log.ts'
import { temporaryFolder, until } from '../support.ts'
import { collect, draft, drafts, range, readFiles, seqsOf } from './support.ts'
import { Writer } from './writer.ts'

const FIRST = 'events-000000000001.jsonl'
/** A line that could be the next but one. */
const FOLLOWING = '{"seq":4,"at":1,"type":"info","data":""}\n'

async function open(directory: string, options: JsonlLogOptions = {}): Promise<JsonlLog> {
  const log = await JsonlLog.open(directory, options)
  onTestFinished(() => log.close())
  return log
}

/** A copy of a log's files as they are now: what a process that crashes leaves. */
async function crash(directory: string): Promise<string> {
  const copy = join(await temporaryFolder(), 'log')
  await mkdir(copy)
  for (const name of await readdir(directory)) await copyFile(join(directory, name), join(copy, name))
  return copy
}

describe('a torn end', () => {
  test('of any length is cut off, and the log goes on without a gap, with its id', async () => {
    const directory = join(await temporaryFolder(), 'log')
    const log = await open(directory, { clock: () => 1 })
    await log.append([draft('one'), draft('☃'), draft('three')])
    const whole = await readFile(join(directory, FIRST))
    const ends = [...whole.entries()].flatMap(([i, byte]) => (byte === 10 ? i + 1 : []))
    for (let length = ends[0]!; length <= whole.length; length += 1) {
      const torn = await crash(directory)
      await truncate(join(torn, FIRST), length)
      const again = await open(torn, { clock: () => 1 })
      const kept = ends.filter((end) => end <= length).length
      expect([length, again.lastSeq, again.id]).toEqual([length, kept, log.id])
      await again.append([draft('next')])
      expect((await readFiles(torn)).map(({ seq }) => seq)).toEqual(range(1, kept + 1))
      await again.close()
    }
  })

  test('in the very first line leaves an empty log', async () => {
    const directory = join(await temporaryFolder(), 'log')
    const log = await open(directory)
    await log.append(drafts(1))
    const torn = await crash(directory)
    await truncate(join(torn, FIRST), 10)
    const again = await open(torn)
    expect([again.firstSeq, again.lastSeq]).toEqual([1, 0])
    await again.append([draft('first')])
    expect(await readFiles(torn)).toMatchObject([{ seq: 1, data: 'first' }])
  })

  test.each([
    ['a line that is not JSON', '{"seq":3,"at":1,"type":"inf}\n', ''],
    ['a line with zeros', `{"seq":3,"at":1,"type":"info","data":"${'\0'.repeat(50)}"}\n`, FOLLOWING],
    ['a number that does not follow', '{"seq":5,"at":1,"type":"info","data":""}\n', FOLLOWING],
    ['a number that was given before', '{"seq":2,"at":1,"type":"info","data":""}\n', FOLLOWING],
    ['something else', 'hello\n\n', FOLLOWING],
    ['zeros', '\0'.repeat(9000), FOLLOWING],
  ])('%s and what follows it is cut off', async (_, end, following) => {
    const directory = join(await temporaryFolder(), 'log')
    const log = await open(directory)
    await log.append(drafts(2))
    const torn = await crash(directory)
    await appendFile(join(torn, FIRST), end + following)
    const again = await open(torn)
    expect(again.lastSeq).toBe(2)
    expect(await readFile(join(torn, `${FIRST}.damaged`), 'utf8')).toContain(end)
    // Whole lines were there: readers may have seen them, so the numbers are of a new list.
    expect(again.id).not.toBe(log.id)
    await again.append([draft('next')])
    expect((await readFiles(torn)).map(({ seq }) => seq)).toEqual([1, 2, 3])
  })
})

test('after kill -9 of a writer the log has whole lines without a gap, and everything that was told', async () => {
  for (const size of [100, 40_000]) {
    const directory = join(await temporaryFolder(), 'log')
    let lastSeq = 0
    for (let kill = 1; kill <= 3; kill += 1) {
      const writer = new Writer(directory, size)
      await until('it writes', () => writer.durable > lastSeq + 40 * kill)
      await writer.kill()
      expect(writer.durable).toBeGreaterThan(0)
      const log = await JsonlLog.open(directory)
      expect(log.id).toBe(writer.id)
      expect(log.lastSeq).toBeGreaterThanOrEqual(writer.written)
      lastSeq = log.lastSeq
      expect((await readFiles(directory)).map(({ seq }) => seq)).toEqual(range(1, lastSeq))
      expect(seqsOf(await collect(log.read(lastSeq - 5)))).toEqual(range(lastSeq - 4, lastSeq))
    }
  }
})

describe('the id of a log', () => {
  async function createUsed(bootId: string | undefined): Promise<{ log: JsonlLog; directory: string }> {
    const directory = join(await temporaryFolder(), 'log')
    const log = await open(directory, { bootId })
    await log.append(drafts(3))
    return { log, directory }
  }

  test('stays when the process crashed: the system still had what it wrote', async () => {
    const { log, directory } = await createUsed('boot 1')
    const again = await open(await crash(directory), { bootId: 'boot 1' })
    expect([again.id, again.lastSeq]).toEqual([log.id, 3])
  })

  test('is another one after a crash and a reboot: readers may have seen what the disk lost', async () => {
    const { log, directory } = await createUsed('boot 1')
    const copy = await crash(directory)
    const again = await open(copy, { bootId: 'boot 2' })
    expect(again.id).not.toBe(log.id)
    expect(again.lastSeq).toBe(3)
    const third = await open(await crash(copy), { bootId: 'boot 2' })
    expect(third.id).toBe(again.id)
  })

  test('stays when the log was closed, whatever the machine did then', async () => {
    const { log, directory } = await createUsed('boot 1')
    await log.close()
    const again = await open(directory, { bootId: 'boot 2' })
    expect([again.id, again.lastSeq]).toEqual([log.id, 3])
    const third = await open(await crash(directory), { bootId: 'boot 3' })
    expect(third.id).toBe(log.id)
  })

  test('is another one when a closed log was used again and the power went', async () => {
    const { log, directory } = await createUsed('boot 1')
    await log.close()
    const again = await open(directory, { bootId: 'boot 1' })
    await again.append(drafts(1))
    const third = await open(await crash(directory), { bootId: 'boot 2' })
    expect(third.id).not.toBe(log.id)
  })

  test('stays when the log was released before the power went', async () => {
    const { log, directory } = await createUsed('boot 1')
    await log.release()
    const again = await open(await crash(directory), { bootId: 'boot 2' })
    expect([again.id, again.lastSeq]).toEqual([log.id, 3])
  })

  test('is another one after every unclean end where nothing names the boot', async () => {
    const { log, directory } = await createUsed(undefined)
    const again = await open(await crash(directory), { bootId: undefined })
    expect(again.id).not.toBe(log.id)
    await log.close()
    const third = await open(await crash(directory), { bootId: undefined })
    expect(third.id).toBe(log.id)
  })

  test.each(['', '{"id":', 'null', '[]'])('is another one when log.json reads "%s"', async (text) => {
    const { log, directory } = await createUsed('boot 1')
    const copy = await crash(directory)
    await writeFile(join(copy, 'log.json'), text)
    const again = await open(copy, { bootId: 'boot 1' })
    expect(again.id).not.toBe(log.id)
    expect(again.lastSeq).toBe(3)
  })

  test('is another one when a closed log has lost events since', async () => {
    const { log, directory } = await createUsed('boot 1')
    await log.close()
    const text = await readFile(join(directory, FIRST), 'utf8')
    await writeFile(join(directory, FIRST), text.split('\n').slice(0, 2).join('\n') + '\n')
    const again = await open(directory, { bootId: 'boot 1' })
    expect(again.lastSeq).toBe(2)
    expect(again.id).not.toBe(log.id)
  })
})

test('after a loss of power the log ends before the first hole, in whichever file it is', async () => {
  const directory = join(await temporaryFolder(), 'log')
  const log = await open(directory, { maxBytes: 4 * 1024 * 1024, bootId: 'boot 1' })
  for (let i = 0; i < 20; i += 1) await log.append(drafts(100, 1000))
  const copy = await crash(directory)
  const names = (await readdir(copy)).filter((name) => name.startsWith('events-')).sort()
  expect(names.length).toBeGreaterThan(3)
  const [first, second] = names as [string, string]
  const bytes = await readFile(join(copy, first))
  bytes.fill(0, 100_000, 104_096)
  await writeFile(join(copy, first), bytes)
  const again = await open(copy, { maxBytes: 4 * 1024 * 1024, bootId: 'boot 2' })
  expect(again.lastSeq).toBeLessThan(100)
  expect(again.lastSeq).toBeGreaterThan(90)
  expect(await readdir(copy)).toContain(`${second}.damaged`)
  const last = again.lastSeq
  await again.append(drafts(2))
  expect((await readFiles(copy)).map(({ seq }) => seq)).toEqual(range(1, last + 2))
})
