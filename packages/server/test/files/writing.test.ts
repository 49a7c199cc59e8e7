import { chmod, link, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  eventually,
  failure,
  findOpen,
  findTemporary,
  startFileServer,
  type FileServer,
} from './file-server.ts'

function put(
  server: FileServer,
  path: string,
  body: RequestInit['body'],
  headers: Record<string, string> = {},
): Promise<Response> {
  return server.request('PUT', '/content', { path }, { body: body ?? null, headers })
}

/** A body that sends a first part and then waits; `end` ends it. */
function slowBody(first: string) {
  let end = (): void => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(first))
      end = () => controller.close()
    },
  })
  return { init: { body, duplex: 'half' } as RequestInit, end: () => end() }
}

describe('PUT /files/content', () => {
  test('makes a file with its parents and answers 201 with its entry and its ETag', async () => {
    const server = await startFileServer()
    const response = await put(server, 'a/b/c.txt', 'content')
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ name: 'c.txt', path: 'a/b/c.txt', type: 'file', size: 7 })
    expect(await readFile(join(server.folder, 'a/b/c.txt'), 'utf8')).toBe('content')
    const head = await server.request('HEAD', '/content', { path: 'a/b/c.txt' })
    expect(head.headers.get('etag')).toBe(response.headers.get('etag'))
  })

  test('replaces a file and answers 200 with another ETag', async () => {
    const server = await startFileServer()
    const first = await put(server, 'x', 'one')
    const second = await put(server, 'x', 'two')
    expect([first.status, second.status]).toEqual([201, 200])
    expect(second.headers.get('etag')).not.toBe(first.headers.get('etag'))
    expect(await readFile(join(server.folder, 'x'), 'utf8')).toBe('two')
    expect(await findTemporary(server.folder)).toEqual([])
  })

  test('takes any bytes, none at all, and an absolute path inside the workspace', async () => {
    const server = await startFileServer()
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256)
    await put(server, join(server.folder, 'bytes'), bytes)
    expect(Uint8Array.from(await readFile(join(server.folder, 'bytes')))).toEqual(bytes)
    expect((await put(server, 'empty', '')).status).toBe(201)
    expect((await server.request('PUT', '/content', { path: 'nothing' })).status).toBe(201)
    expect((await stat(join(server.folder, 'nothing'))).size).toBe(0)
  })

  test.each([0o600, 0o640, 0o755, 0o666])('keeps the mode %o of the file that it replaces', async (mode) => {
    const server = await startFileServer()
    await server.place('x')
    await chmod(join(server.folder, 'x'), mode)
    expect((await (await put(server, 'x', 'new')).json()).mode).toBe(mode)
    expect((await stat(join(server.folder, 'x'))).mode & 0o777).toBe(mode)
  })

  test('gives a new file the mode that the umask leaves', async () => {
    const server = await startFileServer()
    await put(server, 'x', 'new')
    await server.place('y')
    expect((await stat(join(server.folder, 'x'))).mode).toBe((await stat(join(server.folder, 'y'))).mode)
  })

  test('leaves another name of the replaced file with the old content', async () => {
    const server = await startFileServer()
    await server.place('x', 'old')
    await link(join(server.folder, 'x'), join(server.folder, 'other'))
    await put(server, 'x', 'new')
    expect(await readFile(join(server.folder, 'other'), 'utf8')).toBe('old')
  })

  test('writes through a symlink that stays inside, and the link stays', async () => {
    const server = await startFileServer()
    await server.place('real/x', 'old')
    await symlink('real/x', join(server.folder, 'link'))
    await symlink('real', join(server.folder, 'folder'))
    await symlink('new/file', join(server.folder, 'dangling'))
    expect((await put(server, 'link', 'one')).status).toBe(200)
    expect(await readFile(join(server.folder, 'real/x'), 'utf8')).toBe('one')
    expect(await readlink(join(server.folder, 'link'))).toBe('real/x')
    expect((await put(server, 'folder/y', 'two')).status).toBe(201)
    expect(await readFile(join(server.folder, 'real/y'), 'utf8')).toBe('two')
    expect((await put(server, 'dangling', 'three')).status).toBe(201)
    expect(await readFile(join(server.folder, 'new/file'), 'utf8')).toBe('three')
  })

  test('onto a directory, the workspace or below a file is an error', async () => {
    const server = await startFileServer()
    await server.place('d/x')
    expect(await failure(put(server, 'd', 'x'))).toBe('not_a_file')
    expect(await failure(put(server, '.', 'x'))).toBe('not_a_file')
    expect(await failure(put(server, 'd/x/y', 'x'))).toBe('not_a_directory')
    expect(await failure(put(server, 'n'.repeat(256), 'x'))).toBe('invalid_path')
    expect(await failure(server.request('PUT', '/content', {}, { body: 'x' }))).toBe('invalid_request')
    expect(await findTemporary(server.folder)).toEqual([])
  })

  test('links that lead to themselves are refused', async () => {
    const server = await startFileServer()
    await symlink('b', join(server.folder, 'a'))
    await symlink('a', join(server.folder, 'b'))
    expect(await failure(put(server, 'a', 'x'))).toBe('invalid_path')
    expect(await failure(server.request('GET', '/content', { path: 'a' }))).toBe('invalid_path')
  })

  test('shows readers either the old or the new content, never a part', async () => {
    const server = await startFileServer()
    const contents = ['a', 'b'].map((letter) => letter.repeat(300_000))
    await put(server, 'x', contents[0])
    const writes = (async () => {
      for (let round = 1; round <= 20; round += 1) await put(server, 'x', contents[round % 2])
    })()
    for (let round = 0; round < 40; round += 1) {
      const text = await (await server.request('GET', '/content', { path: 'x' })).text()
      expect(contents.includes(text)).toBe(true)
    }
    await writes
  })

  test('hides the file until it is whole', async () => {
    const server = await startFileServer()
    const { init, end } = slowBody('part')
    const writing = server.request('PUT', '/content', { path: 'x' }, init)
    await eventually(async () => expect(await findTemporary(server.folder)).toHaveLength(1))
    expect(await failure(server.request('GET', '/content', { path: 'x' }))).toBe('path_not_found')
    expect(await (await server.request('GET', '')).json()).toEqual({ entries: [] })
    end()
    expect((await writing).status).toBe(201)
    expect(await readFile(join(server.folder, 'x'), 'utf8')).toBe('part')
  })
})

describe('a write that does not come to its end', () => {
  test('because the client goes away leaves the old file and nothing else', async () => {
    const server = await startFileServer()
    await server.place('x', 'old')
    const { init } = slowBody('part')
    const aborted = new AbortController()
    const writing = server.request('PUT', '/content', { path: 'x' }, { ...init, signal: aborted.signal })
    await eventually(async () => expect(await findTemporary(server.folder)).toHaveLength(1))
    aborted.abort()
    await expect(writing).rejects.toThrow()
    await eventually(async () => expect(await findTemporary(server.folder)).toEqual([]))
    expect(await readFile(join(server.folder, 'x'), 'utf8')).toBe('old')
    if (process.platform === 'linux') expect(await findOpen(server.folder)).toEqual([])
  })

  test('because the connection breaks before the announced length leaves nothing', async () => {
    const server = await startFileServer()
    const upload = request(`${server.url}/files/content?path=x`, {
      method: 'PUT',
      headers: { 'content-length': 1000 },
    })
    upload.on('error', () => {})
    upload.write('only a part')
    await eventually(async () => expect(await findTemporary(server.folder)).toHaveLength(1))
    upload.destroy()
    await eventually(async () => expect(await findTemporary(server.folder)).toEqual([]))
    expect(await failure(server.request('GET', '/info', { path: 'x' }))).toBe('path_not_found')
  })

  test('is what the workspace waits for when the server ends', async () => {
    const server = await startFileServer()
    const { init } = slowBody('part')
    const aborted = new AbortController()
    server.request('PUT', '/content', { path: 'x' }, { ...init, signal: aborted.signal }).catch(() => {})
    await eventually(async () => expect(await findTemporary(server.folder)).toHaveLength(1))
    aborted.abort()
    await server.workspace.settle()
    expect(await findTemporary(server.folder)).toEqual([])
  })

  test('because it is announced as too large never begins', async () => {
    const server = await startFileServer({ maxFileBytes: 10 })
    await server.place('x', 'old')
    expect(await failure(put(server, 'x', '12345678901'))).toBe('file_too_large')
    expect(await failure(put(server, 'new/y', '12345678901'))).toBe('file_too_large')
    expect(await readFile(join(server.folder, 'x'), 'utf8')).toBe('old')
    expect(await failure(server.request('GET', '/info', { path: 'new' }))).toBe('path_not_found')
    expect((await put(server, 'x', '1234567890')).status).toBe(200)
  })

  test('because it turns out too large is answered, and the next request works', async () => {
    const server = await startFileServer({ maxFileBytes: 1_000_000 })
    const body = new Blob(['x'.repeat(8_000_000)]).stream()
    const init = { body, duplex: 'half' } as RequestInit
    expect(await failure(server.request('PUT', '/content', { path: 'x' }, init))).toBe('file_too_large')
    expect(await findTemporary(server.folder)).toEqual([])
    expect((await put(server, 'x', 'small')).status).toBe(201)
  })
})

describe('a conditional write', () => {
  test('with If-Match replaces only that version', async () => {
    const server = await startFileServer()
    const etag = (await put(server, 'x', 'one')).headers.get('etag') ?? ''
    const second = await put(server, 'x', 'two', { 'if-match': `"other", ${etag}` })
    expect(second.status).toBe(200)
    expect(await failure(put(server, 'x', 'three', { 'if-match': etag }))).toBe('precondition_failed')
    expect(await failure(put(server, 'x', 'three', { 'if-match': `W/${second.headers.get('etag')}` }))).toBe(
      'precondition_failed',
    )
    expect((await put(server, 'x', 'three', { 'if-match': '*' })).status).toBe(200)
    expect(await readFile(join(server.folder, 'x'), 'utf8')).toBe('three')
  })

  test('with If-Match never makes a file, nor its parents', async () => {
    const server = await startFileServer()
    expect(await failure(put(server, 'a/b', 'x', { 'if-match': '*' }))).toBe('precondition_failed')
    expect(await failure(put(server, 'a/b', 'x', { 'if-match': '"1"' }))).toBe('precondition_failed')
    expect(await failure(server.request('GET', '/info', { path: 'a' }))).toBe('path_not_found')
  })

  test('with If-Match notices a change that was made past the server', async () => {
    const server = await startFileServer()
    const etag = (await put(server, 'x', 'one')).headers.get('etag') ?? ''
    await new Promise((resolve) => setTimeout(resolve, 20))
    await writeFile(join(server.folder, 'x'), 'two')
    expect(await failure(put(server, 'x', 'three', { 'if-match': etag }))).toBe('precondition_failed')
  })

  test('with If-None-Match: * only makes a new file, also through a link', async () => {
    const server = await startFileServer()
    const onlyNew = { 'if-none-match': '*' }
    expect((await put(server, 'a/x', 'one', onlyNew)).status).toBe(201)
    expect(await failure(put(server, 'a/x', 'two', onlyNew))).toBe('precondition_failed')
    await symlink('a/x', join(server.folder, 'link'))
    expect(await failure(put(server, 'link', 'two', onlyNew))).toBe('precondition_failed')
    expect(await readFile(join(server.folder, 'a/x'), 'utf8')).toBe('one')
    expect((await stat(join(server.folder, 'a/x'))).nlink).toBe(1)
  })

  test('with a malformed condition is refused, not carried out', async () => {
    const server = await startFileServer()
    await server.place('x', 'old')
    expect(await failure(put(server, 'x', 'new', { 'if-match': 'abc' }))).toBe('invalid_request')
    expect(await readFile(join(server.folder, 'x'), 'utf8')).toBe('old')
  })

  test.each([
    ['If-Match of the same version', true],
    ['If-None-Match: *', false],
  ])('of many at once with %s exactly one wins', async (_, exists) => {
    const server = await startFileServer()
    const path = 'd/x'
    if (exists) await server.place(path, 'old')
    else await mkdir(join(server.folder, 'd'))
    const etag = (await server.request('HEAD', '/content', { path })).headers.get('etag') ?? ''
    const headers = exists ? { 'if-match': etag } : { 'if-none-match': '*' }
    const writers = Array.from({ length: 12 }, (_unused, index) => `writer ${index}`)
    const bodies = writers.map((text) => slowBody(text))
    const answers = bodies.map(({ init }) =>
      server.request('PUT', '/content', { path }, { ...init, headers }),
    )
    await eventually(async () => expect(await findTemporary(server.folder)).toHaveLength(writers.length))
    for (const { end } of bodies) end()
    const statuses = (await Promise.all(answers)).map((answer) => answer.status)
    expect(statuses.filter((status) => status < 300)).toHaveLength(1)
    expect(statuses.filter((status) => status === 412)).toHaveLength(writers.length - 1)
    const winner = writers[statuses.findIndex((status) => status < 300)]
    expect(await readFile(join(server.folder, path), 'utf8')).toBe(winner)
    expect(await findTemporary(server.folder)).toEqual([])
  })
})
