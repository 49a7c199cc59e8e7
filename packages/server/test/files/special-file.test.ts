import { execFileSync } from 'node:child_process'
import { lstat, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { failure, NO_DESCRIPTORS, readEntries, startFileServer, type FileServer } from './file-server.ts'

async function placeSocket(path: string): Promise<void> {
  const server = createServer().listen(path)
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
}

/** Reads and writes of a path, many more than there are threads for files. */
function storm(server: FileServer, path: string): Promise<string[]> {
  const reads = Array.from({ length: 12 }, () => failure(server.request('GET', '/content', { path })))
  const writes = Array.from({ length: 4 }, () =>
    failure(server.request('PUT', '/content', { path }, { body: 'x' })),
  )
  return Promise.all([...reads, ...writes])
}

describe.each([
  ['with descriptors', '/proc/self/fd'],
  ['by real paths', NO_DESCRIPTORS],
])('%s', (_, descriptors) => {
  test('a FIFO is refused and holds nobody up', async () => {
    const server = await startFileServer({ descriptors })
    await server.place('x', 'content')
    execFileSync('mkfifo', [join(server.folder, 'fifo')])
    await symlink('fifo', join(server.folder, 'link'))
    for (const path of ['fifo', 'link']) {
      expect(new Set(await storm(server, path))).toEqual(new Set(['not_a_file']))
    }
    expect(await (await server.request('GET', '/content', { path: 'x' })).text()).toBe('content')
    expect((await lstat(join(server.folder, 'fifo'))).isFIFO()).toBe(true)
  })

  test('a FIFO with somebody at its other end is refused as well, and nothing is taken out of it', async () => {
    const server = await startFileServer({ descriptors })
    const fifo = join(server.folder, 'fifo')
    execFileSync('mkfifo', [fifo])
    execFileSync('sh', [
      '-c',
      'cat "$1" > "$2" & echo kept > "$1"; wait',
      'sh',
      fifo,
      join(server.folder, 'got'),
    ])
    expect(new Set(await storm(server, 'fifo'))).toEqual(new Set(['not_a_file']))
    expect(await (await server.request('GET', '/content', { path: 'got' })).text()).toBe('kept\n')
  })
})

test('a unix socket is refused', async () => {
  const server = await startFileServer()
  await placeSocket(join(server.folder, 'socket'))
  expect(new Set(await storm(server, 'socket'))).toEqual(new Set(['not_a_file']))
  expect(await failure(server.request('GET', '/info', { path: 'socket' }))).toBe('not_a_file')
})

test('a device inside the workspace is refused', async ({ skip }) => {
  const server = await startFileServer()
  try {
    execFileSync('mknod', [join(server.folder, 'zero'), 'c', '1', '5'], { stdio: 'ignore' })
  } catch {
    skip('only root can make a device')
  }
  expect(new Set(await storm(server, 'zero'))).toEqual(new Set(['not_a_file']))
})

test('a list leaves out what is neither file, directory nor symlink; it can be moved and removed', async () => {
  const server = await startFileServer()
  await server.place('x')
  execFileSync('mkfifo', [join(server.folder, 'fifo')])
  await placeSocket(join(server.folder, 'socket'))
  expect((await readEntries(server.request('GET', ''))).map((entry) => entry.name)).toEqual(['x'])
  expect(await failure(server.request('GET', '', { path: 'fifo' }))).toBe('not_a_directory')
  expect((await server.request('DELETE', '', { path: 'fifo' })).status).toBe(204)
})
