import { appendFile, chmod, rename, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually, failure, findOpen, startFileServer } from './file-server.ts'

const TEXT = '0123456789'

async function startWithText() {
  const server = await startFileServer()
  await server.place('text', TEXT)
  const read = (headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    server.request(method, '/content', { path: 'text' }, { headers })
  const etag = (await read({}, 'HEAD')).headers.get('etag') ?? ''
  return { server, read, etag }
}

describe('GET /files/content', () => {
  test('gives the bytes as a download that no browser interprets', async () => {
    const server = await startFileServer()
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    await writeFile(join(server.folder, 'page.html'), bytes)
    const response = await server.request('GET', '/content', { path: 'page.html' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    expect(response.headers.get('content-disposition')).toBe('attachment')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('accept-ranges')).toBe('bytes')
    expect(response.headers.get('content-length')).toBe('256')
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
  })

  test('gives an empty file as an empty body', async () => {
    const server = await startFileServer()
    await server.place('empty', '')
    const response = await server.request('GET', '/content', { path: 'empty' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
    expect(response.headers.get('content-length')).toBe('0')
  })

  test('follows symlinks that stay inside, one after the other', async () => {
    const server = await startFileServer()
    await server.place('a/real', 'found')
    await symlink('a', join(server.folder, 'b'))
    await symlink(join(server.folder, 'b/real'), join(server.folder, 'c'))
    const response = await server.request('GET', '/content', { path: 'c' })
    expect(await response.text()).toBe('found')
  })

  test('of a directory, of the workspace and of nothing is an error', async () => {
    const server = await startFileServer()
    await server.place('d/x')
    expect(await failure(server.request('GET', '/content', { path: 'd' }))).toBe('not_a_file')
    expect(await failure(server.request('GET', '/content'))).toBe('not_a_file')
    expect(await failure(server.request('GET', '/content', { path: 'none' }))).toBe('path_not_found')
    expect(await failure(server.request('GET', '/content', { path: 'd/x/y' }))).toBe('not_a_directory')
  })

  test('breaks the connection when the file becomes shorter while it is read', async () => {
    const server = await startFileServer()
    await server.place('shrinking', 'x'.repeat(64 * 1024 * 1024))
    const response = await server.request('GET', '/content', { path: 'shrinking' })
    await truncate(join(server.folder, 'shrinking'), 10)
    await expect(response.arrayBuffer()).rejects.toThrow()
  })

  test('gives the length that was promised when the file grows while it is read', async () => {
    const server = await startFileServer()
    await server.place('growing', 'x'.repeat(8 * 1024 * 1024))
    const response = await server.request('GET', '/content', { path: 'growing' })
    await appendFile(join(server.folder, 'growing'), 'more')
    expect((await response.arrayBuffer()).byteLength).toBe(8 * 1024 * 1024)
  })

  test('gives the old content to the end when the file is replaced meanwhile', async () => {
    const server = await startFileServer()
    await server.place('page', 'a'.repeat(8 * 1024 * 1024))
    await server.place('new', 'b'.repeat(8 * 1024 * 1024))
    const response = await server.request('GET', '/content', { path: 'page' })
    await rename(join(server.folder, 'new'), join(server.folder, 'page'))
    expect(/^a+$/.test(await response.text())).toBe(true)
  })
})

describe('HEAD /files/content', () => {
  test('gives the headers of GET and no body, also for a range', async () => {
    const { read, etag } = await startWithText()
    const response = await read({ range: 'bytes=2-3' }, 'HEAD')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('10')
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    expect(response.headers.get('etag')).toBe(etag)
    expect(await response.text()).toBe('')
  })

  test('of nothing has the status of GET', async () => {
    const server = await startFileServer()
    expect((await server.request('HEAD', '/content', { path: 'none' })).status).toBe(404)
  })
})

describe('Range', () => {
  test.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=2-5', '2345', 'bytes 2-5/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=0-', TEXT, 'bytes 0-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-99', TEXT, 'bytes 0-9/10'],
    ['BYTES=1-1', '1', 'bytes 1-1/10'],
  ])('%s gives %j', async (range, expected, contentRange) => {
    const { read } = await startWithText()
    const response = await read({ range })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(contentRange)
    expect(response.headers.get('content-length')).toBe(String(expected.length))
    expect(await response.text()).toBe(expected)
  })

  test.each(['bytes=10-', 'bytes=10-12', 'bytes=99999999999999999999-', 'bytes=-0'])(
    '%s is refused with the size',
    async (range) => {
      const { read } = await startWithText()
      const response = read({ range })
      expect((await response).headers.get('content-range')).toBe('bytes */10')
      expect((await response).headers.get('content-type')).toContain('json')
      expect(await failure(response)).toBe('range_not_satisfiable')
    },
  )

  test.each(['bytes=5-2', 'bytes=-', 'bytes=a-b', 'bytes=0-1,4-5', 'lines=0-1', 'bytes', 'bytes=0x1-2'])(
    '%s is ignored: the whole file comes',
    async (range) => {
      const { read } = await startWithText()
      const response = await read({ range })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-range')).toBeNull()
      expect(await response.text()).toBe(TEXT)
    },
  )

  test('of an empty file cannot be satisfied', async () => {
    const server = await startFileServer()
    await server.place('empty', '')
    const response = server.request('GET', '/content', { path: 'empty' }, { headers: { range: 'bytes=0-' } })
    expect(await failure(response)).toBe('range_not_satisfiable')
  })

  test('with If-Range counts only for the same version', async () => {
    const { read, etag } = await startWithText()
    expect((await read({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(206)
    expect((await read({ range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200)
    expect((await read({ range: 'bytes=0-1', 'if-range': new Date().toUTCString() })).status).toBe(200)
  })

  test('parts of a large file put together are the file', async () => {
    const server = await startFileServer()
    const content = Array.from({ length: 100_000 }, (_, index) => `${index}\n`).join('')
    await server.place('large', content)
    const parts: string[] = []
    for (let start = 0; start < content.length; start += 150_001) {
      const headers = { range: `bytes=${start}-${start + 150_000}` }
      parts.push(await (await server.request('GET', '/content', { path: 'large' }, { headers })).text())
    }
    expect(parts.join('') === content).toBe(true)
  })
})

describe('ETag', () => {
  test('stays while nothing changes', async () => {
    const { read, etag } = await startWithText()
    expect(etag).toMatch(/^"[\w-]+"$/)
    expect((await read()).headers.get('etag')).toBe(etag)
  })

  test.each(['If-None-Match with the tag', 'weak', 'in a list', '*'])(
    '%s gives 304 without a body',
    async (kind) => {
      const { read, etag } = await startWithText()
      const values: Record<string, string> = {
        'If-None-Match with the tag': etag,
        weak: `W/${etag}`,
        'in a list': `"a", ${etag} , W/"b"`,
        '*': '*',
      }
      const response = await read({ 'if-none-match': values[kind] ?? '' })
      expect(response.status).toBe(304)
      expect(response.headers.get('etag')).toBe(etag)
      expect(await response.text()).toBe('')
    },
  )

  test('If-None-Match of another version gives the content', async () => {
    const { read } = await startWithText()
    expect(await (await read({ 'if-none-match': '"other"' })).text()).toBe(TEXT)
  })

  test('If-Match of another version is refused', async () => {
    const { read, etag } = await startWithText()
    expect((await read({ 'if-match': etag })).status).toBe(200)
    expect(await failure(read({ 'if-match': '"other"' }))).toBe('precondition_failed')
    expect(await failure(read({ 'if-match': `W/${etag}` }))).toBe('precondition_failed')
  })

  test('a value that is no list of tags is refused and named', async () => {
    const { read } = await startWithText()
    for (const name of ['if-match', 'if-none-match']) {
      const response = await read({ [name]: 'unquoted' })
      expect(response.status).toBe(400)
      expect(await response.text()).toContain('unquoted')
    }
  })

  test('changes with a write that keeps the size and sets the time back', async () => {
    const { server, read, etag } = await startWithText()
    const file = join(server.folder, 'text')
    const before = new Date((await (await server.request('GET', '/info', { path: 'text' })).json()).mtimeMs)
    await new Promise((resolve) => setTimeout(resolve, 20))
    await writeFile(file, TEXT.toUpperCase())
    await utimes(file, before, before)
    expect((await read()).headers.get('etag')).not.toBe(etag)
    await chmod(file, 0o600)
    expect((await read({ 'if-match': etag })).status).toBe(412)
  })
})

test.runIf(process.platform === 'linux')('no request leaves a file open, however it ends', async () => {
  const { server, read, etag } = await startWithText()
  await server.place('large', 'x'.repeat(32 * 1024 * 1024))
  await read({ 'if-none-match': etag })
  await read({ 'if-match': '"other"' })
  await read({ 'if-match': 'malformed' })
  await read({ range: 'bytes=99-' })
  await read({ range: 'bytes=0-1' }, 'HEAD')
  await (await read({ range: 'bytes=0-1' })).text()
  await (await read()).text()
  for (const path of ['', '..', 'none', '.']) await server.request('GET', '/content', { path })
  const left = await server.request('GET', '/content', { path: 'large' })
  await left.body?.cancel()
  const aborted = new AbortController()
  await server.request('GET', '/content', { path: 'large' }, { signal: aborted.signal })
  aborted.abort()
  await eventually(async () => expect(await findOpen(server.folder)).toEqual([]))
})
