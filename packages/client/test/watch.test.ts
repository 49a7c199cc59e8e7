import { afterEach, expect, test, vi } from 'vitest'
import { type FilesystemEvent, FilesystemEventType } from '../src/index.ts'
import { createClient } from './clients.ts'
import { rejection, say, startPeer, until, type PeerBehaviour } from './peer.ts'

afterEach(() => vi.restoreAllMocks())

const ready: PeerBehaviour = {
  onSocket: (socket, request) =>
    say(socket, { type: request.url?.startsWith('/ws') ? 'connected' : 'ready' }),
}
const created = { type: 'create', name: 'a.txt', path: 'd/a.txt' }

test('every change is told from the moment that watchDir resolves', async () => {
  const peer = await startPeer(ready)
  const { client } = createClient({ connectionUrl: peer.url })
  const events: FilesystemEvent[] = []
  const watch = await client.watchDir('d', (event) => events.push(event))
  for (const type of Object.values(FilesystemEventType)) say(peer.sockets[0], { ...created, type })
  await until(() => events.length === 5)
  expect(events[1]).toEqual(created)
  expect(new Set(events.map(({ type }) => type))).toEqual(
    new Set(['create', 'write', 'remove', 'rename', 'chmod']),
  )
  await watch.stop()
})

test('the path and recursive go to the server, with the token', async () => {
  const urls: (string | undefined)[] = []
  const tokens: (string | undefined)[] = []
  const peer = await startPeer({
    onSocket(socket, request) {
      urls.push(request.url)
      tokens.push(request.headers.authorization)
      say(socket, { type: 'ready' })
    },
  })
  const { client } = createClient({ connectionUrl: `${peer.url}/p/`, token: 't' })
  await client.watchDir('a b', () => {})
  await client.watchDir('.', () => {}, { recursive: true })
  expect(urls).toEqual(['/p/files/watch?path=a+b', '/p/files/watch?path=.&recursive=true'])
  expect(tokens).toEqual(['Bearer t', 'Bearer t'])
})

test('stop ends the watch, calls onExit once without an error, and lets no event through after it', async () => {
  const peer = await startPeer(ready)
  const { client } = createClient({ connectionUrl: peer.url })
  const exits: unknown[][] = []
  const events: FilesystemEvent[] = []
  const watch = await client.watchDir('.', (event) => events.push(event), {
    onExit: (...told) => void exits.push(told),
  })
  const stopped = watch.stop()
  say(peer.sockets[0], created)
  await stopped
  await watch.stop()
  expect(exits).toEqual([[undefined]])
  expect(events).toEqual([])
  await until(() => peer.sockets.length === 0)
})

test('a watch that is lost calls onExit with the error and is not made anew', async () => {
  const peer = await startPeer(ready)
  const { client } = createClient({ connectionUrl: peer.url })
  const exits: unknown[] = []
  const watch = await client.watchDir('.', () => {}, { onExit: (error) => void exits.push(error) })
  peer.sockets[0]?.terminate()
  await until(() => exits.length === 1)
  expect(exits[0]).toMatchObject({ code: 'connect_failed' })
  await watch.stop()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(exits).toHaveLength(1)
  expect(peer.upgrades).toBe(1)
})

test('an error frame that announces the end of a watch is what onExit gets', async () => {
  const peer = await startPeer(ready)
  const { client } = createClient({ connectionUrl: peer.url })
  const exits: unknown[] = []
  await client.watchDir('.', () => {}, { onExit: (error) => void exits.push(error) })
  say(peer.sockets[0], { type: 'error', error: 'The server shuts down.', code: 'server_stopping' })
  peer.sockets[0]?.close(1012)
  await until(() => exits.length === 1)
  expect(exits[0]).toMatchObject({ code: 'server_stopping', message: 'The server shuts down.' })
})

test('a path that cannot be watched fails watchDir with the server’s error', async () => {
  const peer = await startPeer({
    onSocket: (socket) =>
      say(socket, {
        type: 'error',
        error: "'../x' leads out.",
        code: 'path_outside_workspace',
        hint: 'Stay in.',
      }),
  })
  const { client } = createClient({ connectionUrl: peer.url })
  const exits: unknown[] = []
  const watching = client.watchDir('../x', () => {}, { onExit: (error) => void exits.push(error) })
  expect(await rejection(watching)).toMatchObject({ code: 'path_outside_workspace', hint: 'Stay in.' })
  await until(() => peer.sockets.length === 0)
  expect(exits).toEqual([])
})

test('a server that never says ready is connect_timeout', async () => {
  const peer = await startPeer({ onSocket() {} })
  const { client } = createClient({ connectionUrl: peer.url, connectTimeoutMs: 100 })
  expect(await rejection(client.watchDir('.', () => {}))).toMatchObject({ code: 'connect_timeout' })
})

test('stop of the client ends its watches, those that are being made too', async () => {
  let answer = true
  const peer = await startPeer({ onSocket: (socket) => void (answer && say(socket, { type: 'ready' })) })
  const { client } = createClient({ connectionUrl: peer.url })
  const exits: unknown[] = []
  await client.watchDir('.', () => {}, { onExit: (error) => void exits.push(error) })
  answer = false
  const pending = rejection(client.watchDir('.', () => {}))
  await until(() => peer.upgrades === 2)
  await client.stop()
  expect(await pending).toMatchObject({ code: 'not_connected' })
  expect(exits).toEqual([undefined])
  await until(() => peer.sockets.length === 0)
})

test('a watch lives on while the connection of the client comes and goes', async () => {
  const peer = await startPeer(ready)
  const { client } = createClient({ connectionUrl: peer.url })
  const events: FilesystemEvent[] = []
  await client.watchDir('.', (event) => events.push(event))
  const line = peer.sockets[0]
  await client.start()
  peer.sockets[1]?.terminate()
  await until(() => peer.upgrades === 3 && client.state.status === 'connected')
  say(line, created)
  await until(() => events.length === 1)
})

test('handlers that throw are reported and end nothing', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {})
  const peer = await startPeer(ready)
  const { client } = createClient({ connectionUrl: peer.url })
  let calls = 0
  const watch = await client.watchDir(
    '.',
    () => {
      calls += 1
      throw new Error('thrown in a watch handler')
    },
    {
      onExit() {
        throw new Error('thrown in onExit')
      },
    },
  )
  say(peer.sockets[0], created, created)
  await until(() => calls === 2)
  await watch.stop()
  expect(report).toHaveBeenCalledTimes(3)
})
