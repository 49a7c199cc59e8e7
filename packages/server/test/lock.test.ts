import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { DataDirLock } from '../src/lock.ts'
import { temporaryFolder } from './support.ts'

test('a second server is refused while the first lives, and let in after it', async () => {
  const folder = await temporaryFolder()
  const first = await DataDirLock.acquire(folder)
  await expect(DataDirLock.acquire(folder)).rejects.toMatchObject({
    code: 'data_dir_in_use',
    message: expect.stringContaining(folder) as string,
  })
  await first.release()
  const second = await DataDirLock.acquire(folder)
  await second.release()
  expect(await readdir(folder)).toEqual([])
})

test('the lock of a process that was killed counts for nothing', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'server.lock')
  const holder = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ])
  onTestFinished(() => void holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  await expect(DataDirLock.acquire(folder)).rejects.toMatchObject({ code: 'data_dir_in_use' })
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const lock = await DataDirLock.acquire(folder)
  await lock.release()
})

test('of many that come at once, over a dead lock, exactly one gets it', async () => {
  const folder = await temporaryFolder()
  const dead = createServer()
  await new Promise<void>((resolve) => dead.listen(join(folder, 'stale'), resolve))
  await import('node:fs/promises').then(({ link }) =>
    link(join(folder, 'stale'), join(folder, 'server.lock')),
  )
  await new Promise<void>((resolve) => dead.close(() => resolve()))
  const results = await Promise.allSettled(Array.from({ length: 12 }, () => DataDirLock.acquire(folder)))
  const held = results.filter((result) => result.status === 'fulfilled')
  expect(held.length).toBe(1)
  await held[0]!.value.release()
})

test('something else at the place of the lock does not keep a server out', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'server.lock'), 'not a socket')
  const lock = await DataDirLock.acquire(folder)
  await lock.release()
})

test('a path longer than a socket address may be is no hindrance', async () => {
  const folder = join(await temporaryFolder(), 'x'.repeat(100), 'y'.repeat(100))
  await mkdir(folder, { recursive: true })
  const lock = await DataDirLock.acquire(folder)
  await expect(DataDirLock.acquire(folder)).rejects.toMatchObject({ code: 'data_dir_in_use' })
  await lock.release()
})
