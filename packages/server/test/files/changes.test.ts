import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { failure, startFileServer, type FileServer } from './file-server.ts'

function post(server: FileServer, route: string, body: unknown): Promise<Response> {
  return server.request('POST', route, {}, { body: typeof body === 'string' ? body : JSON.stringify(body) })
}

function remove(server: FileServer, path: string, query: Record<string, string> = {}): Promise<Response> {
  return server.request('DELETE', '', { path, ...query })
}

describe('POST /files/directory', () => {
  test('makes a directory with its parents; once more is fine and says that it was there', async () => {
    const server = await startFileServer()
    const first = await post(server, '/directory', { path: 'a/b/c' })
    expect(first.status).toBe(201)
    expect(await first.json()).toMatchObject({ name: 'c', path: 'a/b/c', type: 'dir' })
    const second = await post(server, '/directory', { path: 'a/b/c/' })
    expect(second.status).toBe(200)
    expect((await lstat(join(server.folder, 'a/b/c'))).isDirectory()).toBe(true)
  })

  test('made by many at once is there, and one of them made it', async () => {
    const server = await startFileServer()
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post(server, '/directory', { path: 'x/y/z' })),
    )
    const statuses = answers.map((answer) => answer.status).sort()
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 201])
  })

  test('where a file is, or below one, is refused', async () => {
    const server = await startFileServer()
    await server.place('file')
    expect(await failure(post(server, '/directory', { path: 'file' }))).toBe('not_a_directory')
    expect(await failure(post(server, '/directory', { path: 'file/below' }))).toBe('not_a_directory')
    expect((await post(server, '/directory', { path: '.' })).status).toBe(200)
  })

  test.each([
    ['{', 'invalid_json'],
    ['', 'invalid_json'],
    ['[]', 'invalid_request'],
    ['null', 'invalid_request'],
    ['"a"', 'invalid_request'],
    ['{"path":7}', 'invalid_request'],
    ['{"other":"a"}', 'invalid_request'],
    ['{"path":""}', 'invalid_path'],
    [JSON.stringify({ path: 'x'.repeat(70_000) }), 'body_too_large'],
  ])('with a wrong body (%#) is refused', async (body, code) => {
    const server = await startFileServer()
    expect(await failure(post(server, '/directory', body))).toBe(code)
    expect(await readdir(server.folder)).toEqual([])
  })
})

describe('POST /files/move', () => {
  test('moves a file and answers with its new entry', async () => {
    const server = await startFileServer()
    await server.place('a/x', 'content')
    await mkdir(join(server.folder, 'b'))
    const response = await post(server, '/move', { from: 'a/x', to: 'b/y' })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ name: 'y', path: 'b/y', type: 'file', size: 7 })
    expect(await readFile(join(server.folder, 'b/y'), 'utf8')).toBe('content')
    expect(await readdir(join(server.folder, 'a'))).toEqual([])
  })

  test('moves a directory with all that is in it', async () => {
    const server = await startFileServer()
    await server.place('a/b/x', 'content')
    await post(server, '/move', { from: 'a', to: 'c' })
    expect(await readFile(join(server.folder, 'c/b/x'), 'utf8')).toBe('content')
  })

  test('moves a symlink itself, and not what it leads to', async () => {
    const server = await startFileServer()
    await symlink(join(server.outside, 'secret.txt'), join(server.folder, 'link'))
    expect(await (await post(server, '/move', { from: 'link', to: 'moved' })).json()).toMatchObject({
      type: 'symlink',
    })
    expect((await lstat(join(server.folder, 'moved'))).isSymbolicLink()).toBe(true)
    expect(await readFile(join(server.outside, 'secret.txt'), 'utf8')).toBe('secret')
  })

  test('overwrites nothing: no file, no directory, no dangling link, not itself', async () => {
    const server = await startFileServer()
    await server.place('x', 'x')
    await server.place('file', 'kept')
    await mkdir(join(server.folder, 'empty'))
    await mkdir(join(server.folder, 'other'))
    await symlink('nowhere', join(server.folder, 'dangling'))
    for (const to of ['file', 'empty', 'dangling', 'x', '.']) {
      expect(await failure(post(server, '/move', { from: 'x', to }))).toBe('path_exists')
    }
    expect(await failure(post(server, '/move', { from: 'other', to: 'empty' }))).toBe('path_exists')
    expect(await readFile(join(server.folder, 'file'), 'utf8')).toBe('kept')
  })

  test('of many to the same name exactly one wins and nothing is lost', async () => {
    const server = await startFileServer()
    const names = Array.from({ length: 10 }, (_, index) => `source${index}`)
    for (const name of names) await server.place(name, name)
    const answers = await Promise.all(names.map((from) => post(server, '/move', { from, to: 'target' })))
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1)
    expect(await readdir(server.folder)).toHaveLength(10)
    const texts = await Promise.all(
      (await readdir(server.folder)).map((name) => readFile(join(server.folder, name), 'utf8')),
    )
    expect(texts.sort()).toEqual(names)
  })

  test('of nothing, to a missing parent, into itself, of the workspace is refused', async () => {
    const server = await startFileServer()
    await server.place('d/x')
    expect(await failure(post(server, '/move', { from: 'none', to: 'y' }))).toBe('path_not_found')
    expect(await failure(post(server, '/move', { from: 'd/x', to: 'no/such/y' }))).toBe('path_not_found')
    expect(await failure(post(server, '/move', { from: 'd', to: 'd/e' }))).toBe('invalid_path')
    expect(await failure(post(server, '/move', { from: '.', to: 'y' }))).toBe('path_denied')
    expect(await failure(post(server, '/move', { from: server.folder, to: 'y' }))).toBe('path_denied')
    expect(await failure(post(server, '/move', { from: 'd' }))).toBe('invalid_request')
    expect(await readdir(join(server.folder, 'd'))).toEqual(['x'])
  })
})

describe('DELETE /files', () => {
  test('removes a file and an empty directory', async () => {
    const server = await startFileServer()
    await server.place('x')
    await mkdir(join(server.folder, 'd'))
    expect((await remove(server, 'x')).status).toBe(204)
    expect((await remove(server, 'd/')).status).toBe(204)
    expect(await readdir(server.folder)).toEqual([])
  })

  test('removes a directory with entries only when asked to', async () => {
    const server = await startFileServer()
    for (const path of ['d/x', 'd/e/f/y', 'd/e/z', 'kept']) await server.place(path)
    expect(await failure(remove(server, 'd'))).toBe('directory_not_empty')
    expect(await failure(remove(server, 'd', { recursive: 'false' }))).toBe('directory_not_empty')
    expect((await remove(server, 'd', { recursive: 'true' })).status).toBe(204)
    expect(await readdir(server.folder)).toEqual(['kept'])
  })

  test('removes a symlink itself, and in a tree follows none', async () => {
    const server = await startFileServer()
    await server.place('real/x')
    await symlink('real', join(server.folder, 'inner'))
    await symlink(server.outside, join(server.folder, 'outer'))
    await mkdir(join(server.folder, 'tree'))
    await symlink(server.outside, join(server.folder, 'tree/outer'))
    await symlink('../real', join(server.folder, 'tree/inner'))
    expect((await remove(server, 'inner', { recursive: 'true' })).status).toBe(204)
    expect((await remove(server, 'outer', { recursive: 'true' })).status).toBe(204)
    expect((await remove(server, 'tree', { recursive: 'true' })).status).toBe(204)
    expect(await readdir(server.folder)).toEqual(['real'])
    expect(await readdir(join(server.folder, 'real'))).toEqual(['x'])
    expect(await readdir(server.outside)).toEqual(['secret.txt'])
  })

  test('removes a tree to which another process still adds', async () => {
    const server = await startFileServer()
    const names = Array.from({ length: 300 }, (_, index) => `d/e${index % 7}/f${index}`)
    for (const name of names) await server.place(name)
    const removal = remove(server, 'd', { recursive: 'true' })
    for (let index = 0; index < 20; index += 1) {
      await writeFile(join(server.folder, `d/late${index}`), 'x').catch(() => {})
    }
    expect((await removal).status).toBe(204)
  })

  test('removes deep and wide trees', async () => {
    const server = await startFileServer()
    await server.place(`${'n/'.repeat(400)}x`)
    await Promise.all(Array.from({ length: 1500 }, (_, index) => server.place(`n/w${index}`)))
    expect((await remove(server, 'n', { recursive: 'true' })).status).toBe(204)
    expect(await readdir(server.folder)).toEqual([])
  })

  test.each(['.', './', 'a/..', 'WORKSPACE', 'WORKSPACE/'])(
    'refuses to remove the workspace as %j',
    async (name) => {
      const server = await startFileServer()
      await server.place('a/x')
      const path = name.replace('WORKSPACE', server.folder)
      expect(await failure(remove(server, path, { recursive: 'true' }))).toBe('path_denied')
      expect(await readdir(server.folder)).toEqual(['a'])
    },
  )

  test('refuses what is not there, no path, and an unclear `recursive`', async () => {
    const server = await startFileServer()
    await server.place('d/x')
    expect(await failure(remove(server, 'none'))).toBe('path_not_found')
    expect(await failure(remove(server, 'none', { recursive: 'true' }))).toBe('path_not_found')
    expect(await failure(remove(server, 'd/x/y'))).toBe('not_a_directory')
    expect(await failure(server.request('DELETE', ''))).toBe('invalid_request')
    for (const recursive of ['yes', '1', '', 'TRUE']) {
      expect(await failure(remove(server, 'd', { recursive }))).toBe('invalid_request')
    }
    expect(await readdir(join(server.folder, 'd'))).toEqual(['x'])
  })
})
