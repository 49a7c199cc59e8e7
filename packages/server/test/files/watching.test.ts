import { execFileSync } from 'node:child_process'
import {
  appendFile,
  chmod,
  link,
  mkdir,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createTemporaryName } from '../../src/files/path.ts'
import { eventually, startFileServer, type FileServer, type Watched } from './file-server.ts'

const RECURSIVE = { recursive: 'true' }

/** Sees everything that was done so far: a mark made now is told after it. */
async function settle(server: FileServer, watched: Watched, folder = ''): Promise<string[]> {
  const mark = join(folder, `mark${Math.random()}`)
  await writeFile(join(server.folder, mark), '')
  await watched.sees(`create ${mark}`)
  return watched.events.filter((event) => !event.includes('mark'))
}

describe('WS /files/watch', () => {
  test('says that it is ready, then tells creation, writing and removal of a file', async () => {
    const server = await startFileServer()
    const watched = await server.watch()
    expect(watched.frames).toEqual([{ type: 'ready' }])
    await writeFile(join(server.folder, 'x'), 'one')
    await watched.sees('create x', 'write x')
    watched.forget()
    await appendFile(join(server.folder, 'x'), 'two')
    await watched.sees('write x')
    expect(await settle(server, watched)).not.toContain('create x')
    await rm(join(server.folder, 'x'))
    await watched.sees('remove x')
  })

  test('names what changed relative to the watched directory and to the workspace', async () => {
    const server = await startFileServer()
    await mkdir(join(server.folder, 'a/b'), { recursive: true })
    const watched = await server.watch({ path: 'a', ...RECURSIVE })
    await server.place('a/b/x', '')
    await watched.sees('create a/b/x')
    expect(watched.frames).toContainEqual({ type: 'create', name: 'b/x', path: 'a/b/x' })
  })

  test('tells what is further down only when it is recursive', async () => {
    const server = await startFileServer()
    await mkdir(join(server.folder, 'd'))
    const flat = await server.watch({ recursive: 'false' })
    const deep = await server.watch(RECURSIVE)
    await server.place('d/x', '')
    await server.place('e/y', '')
    await deep.sees('create d/x', 'create e', 'create e/y')
    expect(await settle(server, flat)).toEqual(['create e'])
  })

  test('tells what is in a new directory, however fast it came', async () => {
    const server = await startFileServer()
    const watched = await server.watch(RECURSIVE)
    const script = 'for i in $(seq 60); do mkdir -p d$i/a/b/c; echo x > d$i/a/b/c/f; echo y > d$i/a/g; done'
    execFileSync('sh', ['-c', script], { cwd: server.folder })
    const rounds = Array.from({ length: 60 }, (_, index) => `d${index + 1}`)
    await watched.sees(
      ...rounds.flatMap((d) =>
        [d, `${d}/a`, `${d}/a/b/c`, `${d}/a/b/c/f`, `${d}/a/g`].map((path) => `create ${path}`),
      ),
    )
    watched.forget()
    await appendFile(join(server.folder, 'd60/a/b/c/f'), 'more')
    await watched.sees('write d60/a/b/c/f')
  })

  test('tells a rename as rename of the old name and create of the new one', async () => {
    const server = await startFileServer()
    await server.place('old', 'content')
    await mkdir(join(server.folder, 'd'))
    const watched = await server.watch(RECURSIVE)
    await rename(join(server.folder, 'old'), join(server.folder, 'd/new'))
    await watched.sees('rename old', 'create d/new')
    expect(await settle(server, watched)).toEqual(['rename old', 'create d/new'])
  })

  test('goes on below a renamed directory, under its new name', async () => {
    const server = await startFileServer()
    await server.place('a/b/c/x')
    const watched = await server.watch(RECURSIVE)
    await rename(join(server.folder, 'a'), join(server.folder, 'moved'))
    await watched.sees('rename a', 'create moved')
    watched.forget()
    await appendFile(join(server.folder, 'moved/b/c/x'), 'more')
    await server.place('moved/b/new', '')
    await watched.sees('write moved/b/c/x', 'create moved/b/new')
    expect((await settle(server, watched)).filter((event) => event.includes(' a/'))).toEqual([])
  })

  test('tells a move out of the directory as remove, with all that was in it, and a move in as create', async () => {
    const server = await startFileServer()
    await server.place('d/e/x', 'content')
    const watched = await server.watch(RECURSIVE)
    await rename(join(server.folder, 'd'), join(server.outside, 'd'))
    await watched.sees('remove d/e/x', 'remove d/e', 'remove d')
    watched.forget()
    await appendFile(join(server.outside, 'd/e/x'), 'unseen')
    expect(await settle(server, watched)).toEqual([])
    await rename(join(server.outside, 'd'), join(server.folder, 'back'))
    await watched.sees('create back', 'create back/e', 'create back/e/x', 'write back/e/x')
  })

  test('tells a change of mode as chmod, of files and of directories', async () => {
    const server = await startFileServer()
    await server.place('d/x')
    const watched = await server.watch(RECURSIVE)
    await chmod(join(server.folder, 'd/x'), 0o700)
    await watched.sees('chmod d/x')
    await chmod(join(server.folder, 'd'), 0o700)
    await watched.sees('chmod d')
    expect((await settle(server, watched)).sort()).toEqual(['chmod d', 'chmod d/x'])
  })

  test('tells a write that sets the time back as write', async () => {
    const server = await startFileServer()
    await server.place('x', 'one')
    const watched = await server.watch()
    await writeFile(join(server.folder, 'x'), 'two')
    await utimes(join(server.folder, 'x'), 1_000_000, 1_000_000)
    await watched.sees('write x')
  })

  test('tells the last of many quick writes', async () => {
    const server = await startFileServer()
    await server.place('x', '')
    const watched = await server.watch()
    for (let round = 0; round < 30; round += 1) {
      for (let part = 0; part < 3; part += 1) await appendFile(join(server.folder, 'x'), 'more')
      // Whoever reads at an event must have read after the last write in the end.
      await eventually(() => expect(watched.events).toContain('write x'))
      await new Promise((resolve) => setTimeout(resolve, round))
      watched.forget()
      await appendFile(join(server.folder, 'x'), 'last')
      await watched.sees('write x')
      watched.forget()
      await appendFile(join(server.folder, 'x'), 'next')
    }
  })

  test('tells removal of a tree as removal of each entry', async () => {
    const server = await startFileServer()
    for (const path of ['d/e/x', 'd/y']) await server.place(path)
    const watched = await server.watch(RECURSIVE)
    await rm(join(server.folder, 'd'), { recursive: true })
    await watched.sees('remove d/e/x', 'remove d/e', 'remove d/y', 'remove d')
    expect(await settle(server, watched)).toHaveLength(4)
  })

  test('sees a directory that is removed and made again under the same name', async () => {
    const server = await startFileServer()
    await server.place('d/x')
    const watched = await server.watch(RECURSIVE)
    for (let round = 0; round < 10; round += 1) {
      await rm(join(server.folder, 'd'), { recursive: true })
      await mkdir(join(server.folder, 'd'))
      await watched.sees('remove d/x')
      watched.forget()
      await server.place('d/x')
      await watched.sees('create d/x')
      watched.forget()
    }
  })

  test('tells writes over HTTP as create, write and remove, and never the temporary file', async () => {
    const server = await startFileServer()
    const watched = await server.watch(RECURSIVE)
    const put = (body: string): Promise<Response> =>
      server.request('PUT', '/content', { path: 'a/x' }, { body })
    await put('one')
    await watched.sees('create a', 'create a/x', 'write a/x')
    expect((await settle(server, watched)).sort()).toEqual(['create a', 'create a/x', 'write a/x'])
    watched.forget()
    await put('two')
    await watched.sees('write a/x')
    expect(new Set(await settle(server, watched))).toEqual(new Set(['write a/x']))
    await server.request('POST', '/move', {}, { body: JSON.stringify({ from: 'a/x', to: 'y' }) })
    await watched.sees('rename a/x', 'create y')
    await server.request('DELETE', '', { path: 'y' })
    await watched.sees('remove y')
    await server.place(createTemporaryName())
    expect(JSON.stringify(await settle(server, watched))).not.toContain('upload')
  })

  test('does not follow symlinks, and tells them as entries', async () => {
    const server = await startFileServer()
    await symlink(server.outside, join(server.folder, 'out'))
    await server.place('real/x')
    await symlink('real', join(server.folder, 'inner'))
    const watched = await server.watch(RECURSIVE)
    await writeFile(join(server.outside, 'secret.txt'), 'changed')
    await writeFile(join(server.outside, 'new'), '')
    await appendFile(join(server.folder, 'real/x'), 'more')
    await watched.sees('write real/x')
    await symlink(server.outside, join(server.folder, 'late'))
    await watched.sees('create late')
    await writeFile(join(server.outside, 'newer'), '')
    await rm(join(server.folder, 'out'))
    await watched.sees('remove out')
    const events = await settle(server, watched)
    expect(events.filter((event) => /(out|inner|late)\//.test(event))).toEqual([])
    expect(await readlink(join(server.folder, 'late'))).toBe(server.outside)
  })

  test('a FIFO and a hard link are entries like others', async () => {
    const server = await startFileServer()
    await server.place('x')
    const watched = await server.watch()
    execFileSync('mkfifo', [join(server.folder, 'fifo')])
    await link(join(server.folder, 'x'), join(server.folder, 'y'))
    await watched.sees('create fifo', 'create y')
    await rm(join(server.folder, 'fifo'))
    await watched.sees('remove fifo')
    expect(await settle(server, watched)).not.toContain('rename x')
  })

  test('several watches see the same, and one that ends leaves the others alone', async () => {
    const server = await startFileServer()
    await mkdir(join(server.folder, 'd'))
    const [one, two, three] = [
      await server.watch(RECURSIVE),
      await server.watch(RECURSIVE),
      await server.watch({ path: 'd' }),
    ]
    one.socket.close()
    await one.closed
    await server.place('d/x', '')
    await two.sees('create d/x')
    await three.sees('create d/x')
    expect(one.events).toEqual([])
  })
})

describe('a watch ends', () => {
  test.each([
    ['..', 'path_outside_workspace'],
    ['/etc', 'path_outside_workspace'],
    ['out', 'path_outside_workspace'],
    ['none', 'path_not_found'],
    ['file', 'not_a_directory'],
    ['', 'invalid_path'],
    ['a\0b', 'invalid_path'],
  ])('at once for the path %j, with an error', async (path, code) => {
    const server = await startFileServer()
    await server.place('file')
    await symlink(server.outside, join(server.folder, 'out'))
    const watched = await server.watch({ path })
    expect(await watched.closed).toBe(1008)
    expect(watched.frames).toMatchObject([{ type: 'error', code }])
  })

  test('at once for an unclear `recursive`, which the error names', async () => {
    const server = await startFileServer()
    const watched = await server.watch({ recursive: 'perhaps' })
    expect(await watched.closed).toBe(1008)
    expect(watched.frames).toMatchObject([{ type: 'error', code: 'invalid_request' }])
    expect(JSON.stringify(watched.frames)).toContain('perhaps')
  })

  test.each(['removed', 'moved'])('when the directory is %s', async (how) => {
    const server = await startFileServer()
    await server.place('d/x')
    const watched = await server.watch({ path: 'd' })
    if (how === 'removed') await rm(join(server.folder, 'd'), { recursive: true })
    else await rename(join(server.folder, 'd'), join(server.folder, 'e'))
    expect(await watched.closed).toBe(1008)
    expect(watched.frames.at(-1)).toMatchObject({ type: 'error', code: 'path_not_found' })
  })

  test('when there are more entries than the limit, at the start and later', async () => {
    const server = await startFileServer({ maxEntries: 3 })
    for (const path of ['a', 'b', 'c']) await server.place(path)
    const watched = await server.watch(RECURSIVE)
    await rm(join(server.folder, 'a'))
    await server.place('d')
    await watched.sees('remove a', 'create d')
    await server.place('e')
    expect(await watched.closed).toBe(4429)
    expect(watched.frames.at(-1)).toMatchObject({ type: 'error', code: 'too_many_watches' })
    const late = await server.watch(RECURSIVE)
    expect(await late.closed).toBe(4429)
    expect(late.frames).toMatchObject([{ type: 'error', code: 'too_many_watches' }])
  })
})
