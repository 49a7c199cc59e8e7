import { chmod, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { failure, readEntries, startFileServer } from './file-server.ts'

// Root may do everything, so there is nothing to be denied.
const isRoot = process.getuid?.() === 0

describe.skipIf(isRoot)('what the system denies', () => {
  test('is path_denied: reading, listing, writing, removing, moving', async () => {
    const server = await startFileServer()
    await server.place('locked/x')
    await server.place('unreadable')
    await chmod(join(server.folder, 'unreadable'), 0)
    await chmod(join(server.folder, 'locked'), 0)
    try {
      expect(await failure(server.request('GET', '/content', { path: 'unreadable' }))).toBe('path_denied')
      expect(await failure(server.request('GET', '', { path: 'locked' }))).toBe('path_denied')
      expect(await failure(server.request('GET', '/info', { path: 'locked/x' }))).toBe('path_denied')
      const write = server.request('PUT', '/content', { path: 'locked/y' }, { body: 'y' })
      expect(await failure(write)).toBe('path_denied')
      expect(await failure(server.request('DELETE', '', { path: 'locked/x' }))).toBe('path_denied')
    } finally {
      await chmod(join(server.folder, 'locked'), 0o755)
    }
    expect(await readFile(join(server.folder, 'locked/x'), 'utf8')).toBe('locked/x')
  })

  test('in a deep list is left out, the rest is there', async () => {
    const server = await startFileServer()
    await server.place('a/x')
    await server.place('locked/y')
    await chmod(join(server.folder, 'locked'), 0)
    try {
      const entries = await readEntries(server.request('GET', '', { depth: '3' }))
      expect(entries.map((entry) => entry.path)).toEqual(['a', 'a/x', 'locked'])
    } finally {
      await chmod(join(server.folder, 'locked'), 0o755)
    }
  })
})

test.runIf(isRoot)('a file that another user owns stays that user’s when it is replaced', async () => {
  const { chown } = await import('node:fs/promises')
  const server = await startFileServer()
  await server.place('x', 'old')
  await chown(join(server.folder, 'x'), 1234, 5678)
  expect((await server.request('PUT', '/content', { path: 'x' }, { body: 'new' })).status).toBe(200)
  expect(await stat(join(server.folder, 'x'))).toMatchObject({ uid: 1234, gid: 5678 })
})

test('a directory that cannot be removed because it is not empty stays as it is', async () => {
  const server = await startFileServer()
  await mkdir(join(server.folder, 'd'))
  await server.place('d/x')
  expect(await failure(server.request('DELETE', '', { path: 'd' }))).toBe('directory_not_empty')
  expect(await readFile(join(server.folder, 'd/x'), 'utf8')).toBe('d/x')
})
