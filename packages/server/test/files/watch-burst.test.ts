import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { eventually, startFileServer, type Watched } from './file-server.ts'

const RECURSIVE = { recursive: 'true' }

test(
  'a burst that overruns the queue of the system while the server is held up is told in full',
  { timeout: 120_000 },
  async () => {
    const server = await startFileServer()
    for (const name of ['a', 'b']) await mkdir(join(server.folder, name))
    const watched = await server.watch(RECURSIVE)
    const script = 'for i in $(seq 9500); do : > a/$i; : > b/$i; done; rm a/1 b/9500'
    // Synchronous on purpose: this process reads no events meanwhile, 16,384 are kept and the rest are dropped.
    execFileSync('sh', ['-c', script], { cwd: server.folder })
    await eventually(() => {
      const created = new Set(watched.events.filter((event) => event.startsWith('create ')))
      for (const event of watched.events)
        if (event.startsWith('remove ')) created.delete(event.replace('remove', 'create'))
      expect(created.size).toBe(2 * 9500 - 2)
    }, 90_000)
    await appendFile(join(server.folder, 'b/9499'), 'x')
    await watched.sees('write b/9499')
  },
)

// Frames of some 4 KB each, so that a few thousand are more than the buffers of the system take.
const LONG = Array.from({ length: 8 }, (_, level) => `${level}`.repeat(240)).join('/')

/** Has the client take nothing from its socket until it is resumed. */
function pause(watched: Watched): { resume(): void } {
  const raw = (watched.socket as unknown as { _socket: { pause(): void; resume(): void } })._socket
  raw.pause()
  return raw
}

test('for a reader that takes nothing the watch waits, merges what happens, and goes on when it reads again', async () => {
  const server = await startFileServer({ maxBufferedBytes: 1024, maxStallMs: 60_000 })
  const folder = join(server.folder, LONG)
  await mkdir(folder, { recursive: true })
  const watched = await server.watch(RECURSIVE)
  const paused = pause(watched)
  for (let round = 0; round < 60; round += 1) {
    await mkdir(join(folder, `d${round}`))
    await Promise.all(
      Array.from({ length: 25 }, (_, index) => writeFile(join(folder, `d${round}`, `${index}`), '')),
    )
    await new Promise((resolve) => setTimeout(resolve, 30))
    await rm(join(folder, `d${round}`), { recursive: true })
  }
  await writeFile(join(server.folder, 'last'), '')
  paused.resume()
  await watched.sees('create last')
  const known = new Set<string>()
  for (const event of watched.events) {
    const [type = '', path = ''] = event.split(' ')
    if (type === 'create') known.add(path)
    else if (type === 'remove') known.delete(path)
  }
  expect([...known]).toEqual(['last'])
})

test('a reader that takes nothing for too long is closed with 1013', async () => {
  const server = await startFileServer({ maxBufferedBytes: 1024, maxStallMs: 200 })
  const folder = join(server.folder, LONG)
  await mkdir(folder, { recursive: true })
  const watched = await server.watch(RECURSIVE)
  const paused = pause(watched)
  const names = Array.from({ length: 300 }, (_, index) => `n${index}`)
  await eventually(async () => {
    await Promise.all(names.map((name) => appendFile(join(folder, name), 'x')))
    expect(server.openSockets()[0]).not.toBe(WebSocket.OPEN)
  }, 25_000)
  paused.resume()
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
