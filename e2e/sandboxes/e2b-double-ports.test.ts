import { Sandbox } from 'e2b'
import { WebSocket } from 'ws'
import type { E2bDouble } from '../doubles/e2b/double.ts'
import { ask, upgrade } from '../support/http.ts'
import { describe, expect, openSandbox, route, test } from './e2b-world.ts'

/** Opens a WebSocket to a port, with the token that the stub was given. */
function open(double: E2bDouble, headers: Record<string, string>): WebSocket {
  const socket = new WebSocket(`${double.url.replace('http', 'ws')}/ws`, {
    headers: { ...headers, authorization: 'Bearer its-token' },
  })
  socket.on('error', () => {})
  return socket
}

async function echoOf(socket: WebSocket, text: string): Promise<string> {
  if (socket.readyState !== WebSocket.OPEN) {
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  }
  const heard = new Promise<string>((resolve) =>
    socket.once('message', (data: Buffer) => resolve(data.toString())),
  )
  socket.send(text)
  return await heard
}

describe('ports', () => {
  test('a port is reached by routing headers and by host, over HTTP and WebSocket', async ({
    startDouble,
    world,
  }) => {
    const double = await startDouble()
    const sandbox = await openSandbox(double)
    const byHost = { host: `3000-${sandbox.sandboxId}.${double.domain}` }
    expect(sandbox.getHost(3000)).toBe(byHost.host)
    for (const headers of [route(sandbox, 3000), byHost]) {
      expect((await ask(`${double.url}/health`, { headers })).text).toContain('"sealed":false')
      const socket = open(double, headers)
      world.defer(() => socket.terminate())
      expect(await echoOf(socket, 'hello')).toBe('hello')
    }
    const closed = await ask(`${double.url}/`, { headers: route(sandbox, 3001) })
    expect([closed.status, closed.text]).toEqual([502, expect.stringContaining('port is not open')])
    const foreign = { ...route(sandbox, 3000), host: 'example.com' }
    expect((await ask(`${double.url}/health`, { headers: foreign })).status).toBe(401)
    expect((await upgrade(`${double.url}/ws`, foreign)).status).toBe(404)
  })

  test('without public traffic a port asks for the traffic token', async ({ startDouble }) => {
    const double = await startDouble()
    const sandbox = await openSandbox(double).then(() =>
      Sandbox.create('claude-agent-server', { ...double.connection, network: { allowPublicTraffic: false } }),
    )
    const headers = route(sandbox, 3000)
    expect((await ask(`${double.url}/health`, { headers })).status).toBe(403)
    const token = { ...headers, 'e2b-traffic-access-token': sandbox.trafficAccessToken! }
    expect((await ask(`${double.url}/health`, { headers: token })).status).toBe(200)
  })

  test('a pause freezes every process and cuts what is live; traffic or connect goes on with the same', async ({
    startDouble,
    world,
  }) => {
    const double = await startDouble()
    const lifecycle = { onTimeout: 'pause', autoResume: true } as const
    const sandbox = await openSandbox(double, { lifecycle })
    const headers = { ...route(sandbox, 3000), authorization: 'Bearer its-token' }
    const pid = async (): Promise<unknown> => JSON.parse((await ask(`${double.url}/`, { headers })).text).pid
    const before = await pid()
    const socket = open(double, route(sandbox, 3000))
    world.defer(() => socket.terminate())
    await echoOf(socket, 'a')
    const cut = new Promise((resolve) => socket.once('close', resolve))
    expect(await sandbox.pause()).toBe(true)
    expect(await sandbox.pause()).toBe(false)
    await cut
    expect((await sandbox.getInfo()).state).toBe('paused')
    expect(await pid()).toBe(before)
    expect((await sandbox.getInfo()).state).toBe('running')
    await sandbox.pause()
    await Sandbox.connect(sandbox.sandboxId, double.connection)
    expect((await sandbox.getInfo()).state).toBe('running')
    expect(await pid()).toBe(before)
  })

  test('without autoResume traffic does not wake a paused sandbox', async ({ startDouble }) => {
    const double = await startDouble()
    const sandbox = await openSandbox(double)
    await sandbox.pause()
    expect((await ask(`${double.url}/health`, { headers: route(sandbox, 3000) })).status).toBe(502)
    expect(await sandbox.isRunning()).toBe(false)
    expect((await sandbox.getInfo()).state).toBe('paused')
  })
})
