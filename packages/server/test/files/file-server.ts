import { mkdir, mkdtemp, readdir, readlink, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import {
  AgentServerError,
  ERRORS,
  type ErrorBody,
  type FileEntry,
  type WatchEvent,
} from '@claude-agent/protocol'
import { Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { expect, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { Workspace } from '../../src/files/workspace.ts'
import { createFileRoutes } from '../../src/transport/file-routes.ts'
import { serveWatch, type WatchSocketOptions } from '../../src/transport/watch-socket.ts'

/** Where `/proc/self/fd` is not: the workspace falls back on comparing real paths. */
export const NO_DESCRIPTORS = '/nowhere'

export interface FileServer {
  readonly url: string
  /** The workspace, on disk. */
  readonly folder: string
  /** A folder beside it, holding `secret.txt`. */
  readonly outside: string
  readonly workspace: Workspace
  /** A request below `/files`; the query is escaped. */
  request(
    method: string,
    route: string,
    query?: Record<string, string>,
    init?: RequestInit,
  ): Promise<Response>
  /** Puts a file on disk, past the server. */
  place(path: string, content?: string): Promise<void>
  watch(query?: Record<string, string>): Promise<Watched>
  /** The `readyState` of the server's end of each socket. */
  openSockets(): number[]
}

export interface FileServerSetup extends WatchSocketOptions {
  maxFileBytes?: number
  maxListEntries?: number
  descriptors?: string
}

/** A file server on a fresh workspace, gone when the test ends. */
export async function startFileServer(setup: FileServerSetup = {}): Promise<FileServer> {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'files-')))
  onTestFinished(() => rm(base, { recursive: true, force: true }))
  const folder = join(base, 'workspace')
  const outside = join(base, 'outside')
  await mkdir(folder)
  await mkdir(outside)
  await writeFile(join(outside, 'secret.txt'), 'secret')

  const workspace = await Workspace.open(folder, setup.descriptors)
  const app = new Hono()
  app.route('/files', createFileRoutes({ workspace, maxFileBytes: 2 ** 31, ...setup }))
  app.onError((error, c) => {
    if (!(error instanceof AgentServerError)) return c.json({ error: String(error) }, 500)
    return c.json(error.toJSON(), ERRORS[error.code].status as ContentfulStatusCode)
  })
  const listener = getRequestListener(app.fetch)
  const server = createServer((request, response) => void listener(request, response))
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      serveWatch(ws, new URL(request.url ?? '/', 'http://localhost'), workspace, setup)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets.clients) socket.terminate()
    server.close()
    server.closeAllConnections()
    await workspace.settle()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    folder,
    outside,
    workspace,
    request: (method, route, query = {}, init = {}) =>
      fetch(`${url}/files${route}?${new URLSearchParams(query)}`, { method, ...init }),
    place: async (path, content = path) => {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), content)
    },
    watch: async (query = {}) => {
      const watched = new Watched(`${url.replace('http', 'ws')}/files/watch?${new URLSearchParams(query)}`)
      await watched.began
      return watched
    },
    openSockets: () => [...sockets.clients].map((socket) => socket.readyState),
  }
}

type Frame = WatchEvent | { type: 'ready' } | ({ type: 'error' } & ErrorBody)

/** The client's end of a watch. */
export class Watched {
  readonly frames: Frame[] = []
  readonly closed: Promise<number>
  readonly began: Promise<void>
  readonly socket: WebSocket

  constructor(url: string) {
    this.socket = new WebSocket(url)
    onTestFinished(() => this.socket.terminate())
    this.socket.on('message', (data) => this.frames.push(JSON.parse((data as Buffer).toString()) as Frame))
    this.closed = new Promise((resolve) => this.socket.once('close', resolve))
    const ready = new Promise<void>((resolve) => this.socket.once('message', () => resolve()))
    this.began = Promise.race([ready, this.closed.then(() => {})])
  }

  /** The events so far, as `type path`. */
  get events(): string[] {
    return this.frames.flatMap((frame) => ('path' in frame ? [`${frame.type} ${frame.path}`] : []))
  }

  /** Resolves once all these events have come, in whatever order and with whatever others. */
  async sees(...expected: string[]): Promise<void> {
    await eventually(() => expect(this.events).toEqual(expect.arrayContaining(expected)))
  }

  forget(): void {
    this.frames.length = 0
  }
}

/** Repeats a check until it holds. */
export async function eventually(check: () => void | Promise<void>, ms = 15_000): Promise<void> {
  const end = Date.now() + ms
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}

/** The status and the code of an error answer, which must be of the documented form. */
export async function failure(response: Promise<Response>): Promise<string> {
  const { status, body } = await response.then(async (r) => ({
    status: r.status,
    body: (await r.json()) as ErrorBody,
  }))
  expect(body.error.length).toBeGreaterThan(10)
  expect(status).toBe(ERRORS[body.code].status)
  return body.code
}

export async function readEntries(response: Promise<Response>): Promise<FileEntry[]> {
  const answer = await response
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { entries: FileEntry[] }).entries
}

/** The names of the temporary files below a folder, which should be none when nothing is being written. */
export async function findTemporary(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  return names.filter((name) => name.includes('.claude-agent-upload-'))
}

/** What this process holds open below a folder. */
export async function findOpen(folder: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd')
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return targets.filter((target) => target.startsWith(folder))
}
