import { openAsBlob } from 'node:fs'
import { createServer } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createClient } from './clients.ts'
import { json, rejection, startPeer, until, type Peer } from './peer.ts'

/** A peer that keeps what is put, by path. */
async function startStore(): Promise<{ peer: Peer; files: Map<string, Buffer> }> {
  const files = new Map<string, Buffer>()
  const peer = await startPeer({
    onHttp(request, response, body) {
      const url = new URL(request.url ?? '', 'http://h')
      const path = url.searchParams.get('path') ?? ''
      if (request.method === 'PUT') {
        files.set(path, body)
        return json(response, 200, { path })
      }
      const found = files.get(path)
      if (found === undefined) {
        const hint = 'List the directory with GET /files.'
        return json(response, 404, { error: `Nothing is at '${path}'.`, code: 'path_not_found', hint })
      }
      if (request.method === 'DELETE') {
        files.delete(path)
        return json(response, 200, {})
      }
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(found)
    },
  })
  return { peer, files }
}

test('text is written and read as UTF-8, at any path', async () => {
  const { peer, files } = await startStore()
  const { client } = createClient({ connectionUrl: peer.url })
  for (const path of ['input.txt', 'a/ü & b?.txt', '/abs/x#1+2%20.txt']) {
    await client.writeFile(path, 'Grüße, 🙂')
    expect(files.get(path)?.toString('utf8')).toBe('Grüße, 🙂')
    expect(await client.readFile(path)).toBe('Grüße, 🙂')
    expect(await client.readFile(path, 'text')).toBe('Grüße, 🙂')
  }
})

test('an empty file is written and read', async () => {
  const { peer, files } = await startStore()
  const { client } = createClient({ connectionUrl: peer.url })
  await client.writeFile('empty', '')
  expect(files.get('empty')).toHaveLength(0)
  expect(await client.readFile('empty')).toBe('')
  expect((await client.readFile('empty', 'blob')).size).toBe(0)
})

test('bytes travel unchanged as a blob, an array, a buffer, a slice and a stream', async () => {
  const { peer, files } = await startStore()
  const { client } = createClient({ connectionUrl: peer.url })
  const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256)
  const padded = new Uint8Array(70_010)
  padded.set(bytes, 5)
  for (const data of [
    new Blob([bytes], { type: 'image/png' }),
    bytes,
    Buffer.from(bytes),
    padded.subarray(5, 70_005),
    new Blob([bytes]).stream(),
  ]) {
    await client.writeFile('bytes', data)
    expect(files.get('bytes')?.equals(bytes)).toBe(true)
  }
  expect(Buffer.from(await (await client.readFile('bytes', 'blob')).arrayBuffer()).equals(bytes)).toBe(true)
  const chunks: Uint8Array[] = []
  for await (const chunk of await client.readFile('bytes', 'stream')) chunks.push(chunk)
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
})

test('a stream is sent as it comes, never gathered first', async () => {
  let received = 0
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (received += chunk.length))
    request.on('end', () => json(response, 200, {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const { client } = createClient({ connectionUrl: `http://127.0.0.1:${port}` })
  let sent = 0
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // The second half is made only when the server has seen the first.
      if (sent === 2) await until(() => received >= 65_536)
      if (sent === 4) return controller.close()
      sent += 1
      controller.enqueue(new Uint8Array(65_536))
    },
  })
  await client.writeFile('big', stream)
  expect(received).toBe(4 * 65_536)
})

test('a file of this machine is sent as a blob that is never in memory as a whole', async () => {
  const { peer, files } = await startStore()
  const { client } = createClient({ connectionUrl: peer.url })
  const folder = await mkdtemp(join(tmpdir(), 'client-files-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'local'), 'from disk')
  await client.writeFile('remote', await openAsBlob(join(folder, 'local')))
  expect(files.get('remote')?.toString()).toBe('from disk')
})

test('a missing file is path_not_found, with the server’s hint', async () => {
  const { peer } = await startStore()
  const { client } = createClient({ connectionUrl: peer.url })
  for (const call of [client.readFile('gone'), client.readFile('gone', 'blob'), client.removeFile('gone')]) {
    expect(await rejection(call)).toMatchObject({
      code: 'path_not_found',
      message: "Nothing is at 'gone'.",
      hint: 'List the directory with GET /files.',
    })
  }
})

test('removeFile removes; recursive is asked only when it is given', async () => {
  const { peer, files } = await startStore()
  const { client } = createClient({ connectionUrl: peer.url })
  await client.writeFile('a', '1')
  await client.writeFile('b', '1')
  await client.removeFile('a')
  await client.removeFile('b', { recursive: true })
  expect(files.size).toBe(0)
  expect(peer.requests.slice(2).map(({ url }) => url)).toEqual([
    '/files?path=a',
    '/files?path=b&recursive=true',
  ])
})

test('listFiles gives the entries, of the workspace when no path is given', async () => {
  const peer = await startPeer({
    onHttp: (_, response) =>
      json(response, 200, {
        entries: [
          { name: 'a.txt', path: 'a.txt', type: 'file', size: 3, mtimeMs: 1_700_000_000_000, mode: 0o644 },
          { name: 'd', path: 'd', type: 'dir', size: 0, mtimeMs: 0, mode: 0o755 },
        ],
      }),
  })
  const { client } = createClient({ connectionUrl: peer.url, token: 't' })
  expect(await client.listFiles()).toEqual([
    {
      name: 'a.txt',
      path: 'a.txt',
      type: 'file',
      size: 3,
      mode: 0o644,
      modifiedTime: new Date(1_700_000_000_000),
    },
    { name: 'd', path: 'd', type: 'dir', size: 0, mode: 0o755, modifiedTime: new Date(0) },
  ])
  await client.listFiles('src', { depth: 3 })
  expect(peer.requests.map(({ url }) => url)).toEqual(['/files?path=.', '/files?path=src&depth=3'])
  expect(peer.requests[0]?.headers.authorization).toBe('Bearer t')
})

test('an answer that is no list is not_a_server', async () => {
  const peer = await startPeer({
    onHttp: (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>'),
  })
  const { client } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.listFiles())).toMatchObject({ code: 'not_a_server' })
})

test.each([
  [401, 'unauthorized'],
  [404, 'not_a_server'],
  [413, 'body_too_large'],
  [429, 'connect_failed'],
  [503, 'connect_failed'],
])('an HTTP %i that is not in our words is %s', async (status, code) => {
  const peer = await startPeer({
    onHttp: (_, response) => void response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>'),
  })
  const { client } = createClient({ connectionUrl: peer.url })
  const error = await rejection(client.readFile('a'))
  expect(error).toMatchObject({ code, message: expect.stringContaining(`HTTP ${status}`) })
})

test('a redirect is not followed, so that neither token nor content goes to another host', async () => {
  const elsewhere = await startPeer()
  const peer = await startPeer({
    onHttp: (_, response) => void response.writeHead(307, { location: `${elsewhere.url}/x` }).end(),
  })
  const { client } = createClient({ connectionUrl: peer.url, token: 't' })
  expect(await rejection(client.writeFile('a', 'secret'))).toMatchObject({ code: 'connect_failed' })
  expect(elsewhere.requests).toEqual([])
})

test('a server that cannot be reached is connect_failed, and one that breaks off in the middle too', async () => {
  const peer = await startPeer({
    onHttp(_, response) {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      setTimeout(() => response.destroy(), 50)
    },
  })
  const { client } = createClient({ connectionUrl: peer.url })
  expect(await rejection(client.readFile('a'))).toMatchObject({ code: 'connect_failed' })
  await peer.close()
  expect(await rejection(client.readFile('a'))).toMatchObject({ code: 'connect_failed' })
})

test('a signal ends a call with its reason', async () => {
  const peer = await startPeer({ onHttp() {} })
  const { client } = createClient({ connectionUrl: peer.url })
  const controller = new AbortController()
  const { signal } = controller
  const calls = [
    client.readFile('a', 'text', { signal }),
    client.writeFile('a', 'x', { signal }),
    client.listFiles('.', { signal }),
    client.removeFile('a', { signal }),
  ].map((call) => rejection(call))
  await until(() => peer.requests.length === 4)
  const reason = new Error('enough')
  controller.abort(reason)
  expect(await Promise.all(calls)).toEqual([reason, reason, reason, reason])
})

test('files need no connection, but an address, or a sandbox that was started', async () => {
  const { client } = createClient({})
  expect(await rejection(client.readFile('a'))).toMatchObject({ code: 'not_connected' })
  expect(await rejection(client.listFiles())).toMatchObject({ code: 'not_connected' })
})
