import { createHash, randomBytes } from 'node:crypto'
import { createServer, request as send, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { openOwnDoor } from '../../src/file-server/file-door.ts'
import { createFileRelay } from '../../src/file-server/relay-routes.ts'
import { relayWatch } from '../../src/file-server/relay-watch.ts'
import { Access } from '../../src/transport/access.ts'
import { headersOf, statusOf, toServerError } from '../../src/transport/errors.ts'
import { createHttp } from '../../src/transport/http.ts'
import { temporaryFolder, until } from '../support.ts'

const MAX_BYTES = 64 * 1024 * 1024

function appOf(routes: Hono): Hono {
  const app = new Hono()
  app.onError((error, c) => {
    const known = toServerError(error, c.req.raw.signal.aborted)
    return c.json(known.toJSON(), statusOf(known), headersOf(known))
  })
  app.route('/files', routes)
  return app
}

async function listen(server: Server, at: string | number): Promise<void> {
  await new Promise<void>((resolve) =>
    typeof at === 'string' ? server.listen(at, resolve) : server.listen(at, '127.0.0.1', resolve),
  )
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
}

interface Relay {
  url: string
  workspace: string
  /** What the process behind has been asked with. */
  asked: IncomingHttpHeaders[]
  /** The socket of that process. */
  path: string
  /** The same files without a relay. */
  own: Hono
}

/** A relay, before a file server on a unix socket: what another process would serve. */
async function startRelay(answer?: (server: Server) => void): Promise<Relay> {
  const folder = await temporaryFolder()
  const workspace = join(folder, 'workspace')
  await mkdir(workspace)
  const door = await openOwnDoor(workspace, MAX_BYTES)
  onTestFinished(() => door.close())
  const asked: IncomingHttpHeaders[] = []
  const listener = getRequestListener(appOf(door.routes).fetch)
  const behind = createServer((request, response) => {
    asked.push(request.headers)
    if (answer === undefined) void listener(request, response)
  })
  answer?.(behind)
  const sockets = new WebSocketServer({ noServer: true })
  if (answer === undefined)
    behind.on('upgrade', (request, raw, head) =>
      sockets.handleUpgrade(request, raw, head, (socket) =>
        door.watch(socket, new URL(request.url ?? '/', 'http://files')),
      ),
    )
  const path = join(folder, 'files.sock')
  await listen(behind, path)
  const address = (): Promise<string> => Promise.resolve(path)
  const front = getRequestListener(appOf(createFileRelay(address)).fetch)
  const server = createServer((request, response) => void front(request, response))
  const watches = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, raw, head) =>
    watches.handleUpgrade(request, raw, head, (socket) => {
      void relayWatch(socket, new URL(request.url ?? '/', 'http://server'), address, 300)
    }),
  )
  await listen(server, 0)
  onTestFinished(() => {
    for (const socket of [...sockets.clients, ...watches.clients]) socket.terminate()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    workspace,
    asked,
    path,
    own: door.routes,
  }
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

test('large files go through in both directions as they are, with an announced length and without', async () => {
  const { url } = await startRelay()
  const bytes = randomBytes(20 * 1024 * 1024)
  const whole = await fetch(`${url}/files/content?path=a%3Ab%20c`, { method: 'PUT', body: bytes })
  expect(whole.status).toBe(201)
  const parts = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0; at < bytes.length; at += 1 << 20)
        controller.enqueue(bytes.subarray(at, at + (1 << 20)))
      controller.close()
    },
  })
  const streamed = await fetch(`${url}/files/content?path=two`, {
    method: 'PUT',
    body: parts,
    duplex: 'half',
  } as RequestInit)
  expect(streamed.status).toBe(201)
  for (const path of ['a%3Ab%20c', 'two']) {
    const answer = await fetch(`${url}/files/content?path=${path}`)
    expect(digest(new Uint8Array(await answer.arrayBuffer()))).toBe(digest(bytes))
  }
})

test('ranges, versions and heads get through, and what refuses them', async () => {
  const { url, workspace } = await startRelay()
  await writeFile(join(workspace, 'f'), '0123456789')
  const at = `${url}/files/content?path=f`
  const head = await fetch(at, { method: 'HEAD' })
  const etag = head.headers.get('etag')!
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10'])
  const part = await fetch(at, { headers: { range: 'bytes=2-4' } })
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    'bytes 2-4/10',
    '234',
  ])
  expect((await fetch(at, { headers: { 'if-none-match': etag } })).status).toBe(304)
  const failed = await fetch(at, { method: 'PUT', body: 'x', headers: { 'if-match': '"other"' } })
  expect([failed.status, ((await failed.json()) as { code: string }).code]).toEqual([
    412,
    'precondition_failed',
  ])
  expect((await fetch(`${url}/files?path=f`, { method: 'DELETE' })).status).toBe(204)
  const outside = await fetch(`${url}/files/content?path=../x`)
  expect(((await outside.json()) as { code: string }).code).toBe('path_outside_workspace')
})

test('a file that is too large is refused with its error, while it is still being sent', async () => {
  const { url } = await startRelay()
  const { hostname, port } = new URL(url)
  const status = await new Promise<number>((resolve, reject) => {
    const request = send({
      hostname,
      port,
      path: '/files/content?path=big',
      method: 'PUT',
      headers: { 'content-length': MAX_BYTES + 1 },
    })
    request.once('response', (answer) => resolve(answer.resume().statusCode ?? 0))
    request.once('error', reject)
    request.write(Buffer.alloc(1 << 20))
  })
  expect(status).toBe(413)
})

test('an upload that is broken off leaves nothing', async () => {
  const { url, workspace } = await startRelay()
  const { hostname, port } = new URL(url)
  const request = send({ hostname, port, path: '/files/content?path=half', method: 'PUT' })
  request.on('error', () => {})
  request.write(Buffer.alloc(1 << 20))
  await until('it is being written', async () => (await readdir(workspace)).length === 1)
  request.destroy()
  await until('nothing is left', async () => (await readdir(workspace)).length === 0)
})

test('no token, cookie or origin is passed on, and of the answer nothing that a page could fall for', async () => {
  const { url, asked } = await startRelay((server) =>
    server.on('request', (_request, response) => {
      response.writeHead(200, {
        'content-type': 'text/html',
        'set-cookie': 'a=b',
        'access-control-allow-origin': '*',
        etag: '"1"',
      })
      response.end('<script>')
    }),
  )
  const headers = {
    authorization: 'Bearer secret',
    cookie: 'c=secret',
    origin: 'http://a',
    'x-key': 'secret',
  }
  const answer = await fetch(`${url}/files/content?path=f`, { headers })
  expect(JSON.stringify(asked)).not.toContain('secret')
  expect(Object.keys(asked[0]!).sort()).toEqual(['connection', 'host'])
  expect(answer.headers.get('content-type')).toBe('application/octet-stream')
  expect(answer.headers.get('content-disposition')).toBe('attachment')
  expect(answer.headers.get('etag')).toBe('"1"')
  expect(answer.headers.get('set-cookie') ?? answer.headers.get('access-control-allow-origin')).toBeNull()
})

test('a process that dies instead of answering is told as a fault that passes', async () => {
  const { url } = await startRelay((server) => server.on('request', (request) => request.socket.destroy()))
  const answer = await fetch(`${url}/files`)
  expect(answer.status).toBe(500)
  expect(answer.headers.get('retry-after')).toBe('1')
  expect(await answer.json()).toMatchObject({ code: 'internal', retryAfterMs: 1000 })
})

async function watch(url: string): Promise<{ socket: WebSocket; frames: string[]; closed: Promise<number> }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/files/watch?recursive=true`)
  onTestFinished(() => socket.terminate())
  const frames: string[] = []
  socket.on('message', (data) => frames.push((data as Buffer).toString()))
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  await new Promise((resolve) => socket.once('open', resolve))
  return { socket, frames, closed }
}

test('a watch tells what happens, and its errors with their code', async () => {
  const { url, workspace } = await startRelay()
  const { frames } = await watch(url)
  await until('it is ready', () => frames.some((frame) => frame.includes('ready')))
  await writeFile(join(workspace, 'f'), 'x')
  await until('it tells', () => frames.some((frame) => frame.includes('"create"')))
  const wrong = new WebSocket(`${url.replace('http', 'ws')}/files/watch?path=nowhere`)
  const code = await new Promise<number>((resolve) => wrong.once('close', resolve))
  expect(code).toBe(1008)
})

test('a watcher that takes nothing is closed with 1013, and what watches for it was held back', async () => {
  const MOST = 2000
  let sent = 0
  let isLetGo = false
  const { url } = await startRelay((server) =>
    server.on('upgrade', (request, raw, head) =>
      new WebSocketServer({ noServer: true }).handleUpgrade(request, raw, head, (socket) => {
        socket.once('close', () => (isLetGo = true))
        const flood = (): void => {
          if (socket.readyState !== socket.OPEN || sent === MOST) return
          sent += 1
          socket.send('x'.repeat(100_000), () => setImmediate(flood))
        }
        flood()
      }),
    ),
  )
  const { socket, closed } = await watch(url)
  socket.pause()
  await until('it is let go', () => isLetGo)
  expect(sent).toBeLessThan(MOST)
  socket.resume()
  expect(await closed).toBe(1013)
})

describe('a page of another origin that may speak', () => {
  const ORIGIN = 'https://page.example'

  /** A whole server's HTTP before the files. */
  async function startFront(files: Hono): Promise<string> {
    const none = new Hono()
    const app = createHttp({
      access: new Access({ allowedHosts: [], allowedOrigins: [ORIGIN] }),
      version: '0',
      isStopping: () => false,
      page: none,
      config: none,
      sessions: none,
      transcripts: none,
      lease: none,
      files,
    })
    const front = getRequestListener(app.fetch)
    const server = createServer((request, response) => void front(request, response))
    await listen(server, 0)
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  test.each(['the own door', 'the relay'])('reads what %s answers, as it reads all else', async (door) => {
    const { path, workspace, own } = await startRelay()
    await writeFile(join(workspace, 'f'), '0123456789')
    const url = await startFront(door === 'the relay' ? createFileRelay(() => Promise.resolve(path)) : own)
    const asks: [string, RequestInit, number][] = [
      ['?path=.', {}, 200],
      ['/info?path=f', {}, 200],
      ['/content?path=f', {}, 200],
      ['/content?path=f', { method: 'HEAD' }, 200],
      ['/content?path=f', { headers: { range: 'bytes=1-2' } }, 206],
      ['/content?path=f', { headers: { 'if-none-match': '*' } }, 304],
      ['/content?path=nowhere', {}, 404],
      ['/content?path=f', { method: 'PUT', body: 'new' }, 200],
      ['/directory', { method: 'POST', body: '{"path":"d"}' }, 201],
      ['?path=d', { method: 'DELETE' }, 204],
    ]
    for (const [what, init, status] of asks) {
      const headers = { ...(init.headers as Record<string, string>), origin: ORIGIN }
      const answer = await fetch(`${url}/files${what}`, { ...init, headers })
      await answer.arrayBuffer()
      const name = `${init.method ?? 'GET'} ${what}`
      expect(answer.status, name).toBe(status)
      expect(Object.fromEntries(answer.headers), name).toMatchObject({
        'access-control-allow-origin': ORIGIN,
        'access-control-expose-headers': expect.stringContaining('etag') as string,
        vary: 'origin',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      })
    }
  })
})

describe('a process behind that the agent has taken over', () => {
  /** What it says to whoever asks, byte by byte. */
  async function answerOf(said: string): Promise<Response> {
    const { url } = await startRelay((server) => {
      server.removeAllListeners('request')
      server.removeAllListeners('connection')
      server.on('connection', (socket) => {
        socket.on('error', () => {})
        socket.once('data', () => socket.write(said))
      })
    })
    return await fetch(`${url}/files/content?path=f`, { redirect: 'manual' })
  }

  test.each([
    ['switches protocols', 'HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
    ['never comes to its answer', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['has nothing to say', 'HTTP/1.1 199 x\r\ncontent-length: 0\r\n\r\n'],
    ['speaks another language', 'SSH-2.0\r\n'],
  ])('and %s is given up at once', async (_, said) => {
    const answer = await answerOf(said)
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ code: 'internal', retryAfterMs: 1000 })
  })

  test.each([205, 302, 401, 407, 429, 502, 600, 999])(
    'cannot answer %s in the name of the server',
    async (status) => {
      const answer = await answerOf(`HTTP/1.1 ${status} x\r\nlocation: http://a\r\ncontent-length: 0\r\n\r\n`)
      expect(answer.status).toBe(500)
      expect(await answer.json()).toMatchObject({ code: 'internal' })
    },
  )

  test.each([
    ['another status', '{"error":"Wrong.","code":"unauthorized"}'],
    ['none', '<p>'],
    ['none that ever ends', 'x'.repeat(100_000)],
  ])('cannot give an error with a code of %s', async (_, body) => {
    const answer = await answerOf(`HTTP/1.1 404 x\r\n\r\n${body}${' '.repeat(70_000)}`)
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ code: 'internal' })
  })

  test('cannot close a watch as if the token were wrong', async () => {
    const { url } = await startRelay((server) =>
      server.on('upgrade', (request, raw, head) =>
        new WebSocketServer({ noServer: true }).handleUpgrade(request, raw, head, (socket) =>
          socket.close(4401, 'unauthorized'),
        ),
      ),
    )
    const { closed, frames } = await watch(url)
    expect(await closed).toBe(1011)
    expect(JSON.parse(frames.at(-1)!)).toMatchObject({ type: 'error', code: 'internal' })
  })
})
