import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually, startFileServer } from './file-server.ts'

const RECURSIVE = { recursive: 'true' }

test('a burst that overruns the queue of the system while the server is held up is told in full', async () => {
  const server = await startFileServer()
  for (const name of ['a', 'b']) await mkdir(join(server.folder, name))
  const watched = await server.watch(RECURSIVE)
  const script = 'for i in $(seq 12000); do : > a/$i; : > b/$i; done; rm a/1 b/12000'
  // Synchronous on purpose: this process reads no events meanwhile, 16,384 are kept and the rest are dropped.
  execFileSync('sh', ['-c', script], { cwd: server.folder })
  await eventually(() => {
    const created = new Set(watched.events.filter((event) => event.startsWith('create ')))
    for (const event of watched.events)
      if (event.startsWith('remove ')) created.delete(event.replace('remove', 'create'))
    expect(created.size).toBe(2 * 12_000 - 2)
  }, 25_000)
  await appendFile(join(server.folder, 'b/11999'), 'x')
  await watched.sees('write b/11999')
})

test('for a reader that takes nothing the watch waits, merges what happens, and goes on when it reads again', async () => {
  const server = await startFileServer({ maxBufferedBytes: 1024 })
  const watched = await server.watch(RECURSIVE)
  const raw = (watched.socket as unknown as { _socket: { pause(): void; resume(): void } })._socket
  raw.pause()
  const name = 'n'.repeat(200)
  for (let round = 0; round < 60; round += 1) {
    const folder = join(server.folder, `d${round}`)
    await mkdir(folder)
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => writeFile(join(folder, `${name}${index}`), '')),
    )
    await rm(folder, { recursive: true })
  }
  await writeFile(join(server.folder, 'last'), '')
  raw.resume()
  await watched.sees('create last')
  const known = new Set<string>()
  for (const event of watched.events) {
    const [type = '', path = ''] = event.split(' ')
    if (type === 'create') known.add(path)
    else if (type === 'remove') known.delete(path)
  }
  expect([...known]).toEqual(await readdir(server.folder))
})

test('a reader that takes nothing for too long is closed with 1013', async () => {
  const server = await startFileServer({ maxBufferedBytes: 1024, maxStallMs: 200 })
  const watched = await server.watch(RECURSIVE)
  const raw = (watched.socket as unknown as { _socket: { pause(): void; resume(): void } })._socket
  raw.pause()
  const names = Array.from({ length: 500 }, (_, index) => `${'n'.repeat(200)}${index}`)
  const closed = eventually(async () => {
    await Promise.all(names.map((name) => appendFile(join(server.folder, name), 'x')))
    expect(server.openSockets()[0]).not.toBe(1)
  }, 25_000)
  await closed
  raw.resume()
  expect(await watched.closed).toBe(1013)
})

test('after its sockets are gone a watch holds nothing', async () => {
  const server = await startFileServer()
  await mkdir(join(server.folder, 'a/b/c'), { recursive: true })
  const count = (): number =>
    (process as unknown as { getActiveResourcesInfo(): string[] })
      .getActiveResourcesInfo()
      .filter((name) => name === 'FSEventWrap').length
  const before = count()
  const watches = await Promise.all(Array.from({ length: 5 }, () => server.watch(RECURSIVE)))
  watches[0]?.socket.terminate()
  for (const { socket } of watches) socket.close()
  await Promise.all(watches.map((watched) => watched.closed))
  await eventually(() => expect(count()).toBe(before))
})
