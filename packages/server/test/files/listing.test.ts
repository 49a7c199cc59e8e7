import { chmod, mkdir, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createTemporaryName } from '../../src/files/path.ts'
import { failure, readEntries, startFileServer } from './file-server.ts'

describe('GET /files', () => {
  test('lists what is directly in the workspace, sorted by name, when nothing is asked', async () => {
    const server = await startFileServer()
    for (const path of ['b.txt', 'a/deep.txt', 'C.txt', '.hidden', 'a/b/deeper.txt']) await server.place(path)
    const entries = await readEntries(server.request('GET', ''))
    expect(entries.map((entry) => entry.path)).toEqual(['.hidden', 'C.txt', 'a', 'b.txt'])
    expect(entries.map((entry) => entry.name)).toEqual(['.hidden', 'C.txt', 'a', 'b.txt'])
  })

  test('gives type, size, time and mode of each entry', async () => {
    const server = await startFileServer()
    await server.place('run.sh', '12345')
    await chmod(join(server.folder, 'run.sh'), 0o750)
    await utimes(join(server.folder, 'run.sh'), 1_700_000_000, 1_700_000_000.5)
    const [entry] = await readEntries(server.request('GET', ''))
    expect(entry).toEqual({
      name: 'run.sh',
      path: 'run.sh',
      type: 'file',
      size: 5,
      mtimeMs: 1_700_000_000_500,
      mode: 0o750,
    })
  })

  test('with a depth lists a directory before what is in it, each level sorted', async () => {
    const server = await startFileServer()
    for (const path of ['a/z.txt', 'a/b/c/d.txt', 'a.txt', 'b/x.txt']) await server.place(path)
    const paths = async (depth: string): Promise<string[]> =>
      (await readEntries(server.request('GET', '', { depth }))).map((entry) => entry.path)
    expect(await paths('1')).toEqual(['a', 'a.txt', 'b'])
    expect(await paths('2')).toEqual(['a', 'a/b', 'a/z.txt', 'a.txt', 'b', 'b/x.txt'])
    expect(await paths('100')).toEqual([
      'a',
      'a/b',
      'a/b/c',
      'a/b/c/d.txt',
      'a/z.txt',
      'a.txt',
      'b',
      'b/x.txt',
    ])
  })

  test('of a directory gives paths relative to the workspace', async () => {
    const server = await startFileServer()
    await server.place('a/b/c.txt')
    for (const path of ['a/b', './a//b/', join(server.folder, 'a/b')]) {
      const entries = await readEntries(server.request('GET', '', { path }))
      expect(entries).toMatchObject([{ name: 'c.txt', path: 'a/b/c.txt' }])
    }
  })

  test('shows symlinks as such and does not descend them', async () => {
    const server = await startFileServer()
    await server.place('real/x.txt')
    await symlink('real', join(server.folder, 'inner'))
    await symlink(server.outside, join(server.folder, 'outer'))
    await symlink('nowhere', join(server.folder, 'dangling'))
    await symlink('.', join(server.folder, 'self'))
    const entries = await readEntries(server.request('GET', '', { depth: '9' }))
    expect(entries.map((entry) => `${entry.type} ${entry.path}`)).toEqual([
      'symlink dangling',
      'symlink inner',
      'symlink outer',
      'dir real',
      'file real/x.txt',
      'symlink self',
    ])
  })

  test('lists through a symlink that stays inside, under the name that was asked for', async () => {
    const server = await startFileServer()
    await server.place('real/x.txt')
    await symlink('real', join(server.folder, 'link'))
    const entries = await readEntries(server.request('GET', '', { path: 'link' }))
    expect(entries.map((entry) => entry.path)).toEqual(['link/x.txt'])
  })

  test('hides files that are being written', async () => {
    const server = await startFileServer()
    await server.place('a/x.txt')
    await server.place(`a/${createTemporaryName()}`)
    const entries = await readEntries(server.request('GET', '', { depth: '2' }))
    expect(entries.map((entry) => entry.path)).toEqual(['a', 'a/x.txt'])
  })

  test('takes names as they are: spaces, umlauts, percent signs, new lines', async () => {
    const server = await startFileServer()
    const names = [' ', '%2e%2e', '+', 'a&b=c', 'line\nbreak', 'ünïcode', '日本'].sort()
    for (const name of names) await server.place(name, 'x')
    const entries = await readEntries(server.request('GET', ''))
    expect(entries.map((entry) => entry.name)).toEqual(names)
    for (const path of names) {
      const info = await server.request('GET', '/info', { path })
      expect(await info.json()).toMatchObject({ name: path, path, size: 1 })
    }
  })

  test('of an empty workspace is an empty list', async () => {
    const server = await startFileServer()
    expect(await readEntries(server.request('GET', '', { path: '.', depth: '5' }))).toEqual([])
  })

  test('refuses more entries than the limit, and takes exactly as many', async () => {
    const server = await startFileServer({ maxListEntries: 4 })
    for (const path of ['d/a', 'd/b', 'd/c']) await server.place(path)
    expect(await readEntries(server.request('GET', '', { depth: '2' }))).toHaveLength(4)
    await server.place('d/d')
    expect(await failure(server.request('GET', '', { depth: '2' }))).toBe('invalid_request')
    expect(await readEntries(server.request('GET', '', { path: 'd' }))).toHaveLength(4)
    await server.place('d/e')
    expect(await failure(server.request('GET', '', { path: 'd' }))).toBe('invalid_request')
  })

  test.each(['0', '-1', '1.5', '101', 'abc', '', '1e2', ' 1', '99999999999999999999'])(
    'refuses the depth %j and names it',
    async (depth) => {
      const server = await startFileServer()
      const response = await server.request('GET', '', { depth })
      expect(response.status).toBe(400)
      const body = (await response.json()) as { code: string; error: string }
      expect(body.code).toBe('invalid_request')
      expect(body.error).toContain(`depth is ${JSON.stringify(depth)}`)
    },
  )

  test('of a file or of nothing is an error', async () => {
    const server = await startFileServer()
    await server.place('x.txt')
    expect(await failure(server.request('GET', '', { path: 'x.txt' }))).toBe('not_a_directory')
    expect(await failure(server.request('GET', '', { path: 'none' }))).toBe('path_not_found')
    expect(await failure(server.request('GET', '', { path: '' }))).toBe('invalid_path')
  })

  test('of thousands of entries keeps their order and leaves the server responsive', async () => {
    const server = await startFileServer()
    const names = Array.from({ length: 3000 }, (_, index) => `f${String(index).padStart(5, '0')}`)
    await Promise.all(names.map((name) => server.place(name, '')))
    const list = readEntries(server.request('GET', ''))
    expect((await server.request('GET', '/info', { path: 'f00000' })).status).toBe(200)
    expect((await list).map((entry) => entry.name)).toEqual(names)
  })
})

describe('GET /files/info', () => {
  test('of the workspace itself is a directory with the path "."', async () => {
    const server = await startFileServer()
    const info = (await (await server.request('GET', '/info')).json()) as object
    expect(info).toMatchObject({ name: 'workspace', path: '.', type: 'dir' })
  })

  test('of a symlink is of the link, wherever it leads', async () => {
    const server = await startFileServer()
    await symlink('/etc/passwd', join(server.folder, 'link'))
    const info = await server.request('GET', '/info', { path: 'link' })
    expect(await info.json()).toMatchObject({ path: 'link', type: 'symlink' })
  })

  test('of a file and of a directory, by absolute path too', async () => {
    const server = await startFileServer()
    await mkdir(join(server.folder, 'd'))
    await server.place('d/x', 'abc')
    const file = await server.request('GET', '/info', { path: join(server.folder, 'd/x') })
    expect(await file.json()).toMatchObject({ name: 'x', path: 'd/x', type: 'file', size: 3 })
    const directory = await server.request('GET', '/info', { path: 'd/' })
    expect(await directory.json()).toMatchObject({ name: 'd', path: 'd', type: 'dir' })
  })

  test('of nothing is path_not_found', async () => {
    const server = await startFileServer()
    expect(await failure(server.request('GET', '/info', { path: 'none/at/all' }))).toBe('path_not_found')
  })
})
