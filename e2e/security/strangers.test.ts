import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { describe, test } from '../support/test.ts'
import { until } from '../support/until.ts'

const token = 'e2e-token-stranger'

const upgradeRequest = (path: string, header = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${header}\r\n`

/** A connection that never closes its own half and shows no token. */
async function intrude(port: number, request: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  socket.write(request)
  await new Promise((resolve) => socket.once('data', resolve))
  return socket
}

describe('strangers on a server with a token', () => {
  test('lock nobody out, however many sockets they hold', async ({ world }) => {
    const server = await world.server({ token, env: { CLAUDE_AGENT_MAX_CONNECTIONS: '10' } })
    const intruders = await Promise.all(
      Array.from({ length: 200 }, () => intrude(server.port, upgradeRequest('/ws'))),
    )
    const byHeader = world.client(server.wsUrl, { authorization: `Bearer ${token}` })
    await byHeader.open()
    await byHeader.next(({ type }) => type === 'connected')
    await byHeader.close()
    const byFrame = world.client(server.wsUrl)
    await byFrame.open()
    byFrame.send({ type: 'auth', token })
    await byFrame.next(({ type }) => type === 'connected')
    for (const socket of intruders) socket.destroy()
  })

  test('that are refused cost no descriptor, also when they never close their half', async ({ world }) => {
    const server = await world.server({ token })
    const count = async (): Promise<number> => (await readdir(`/proc/${server.pid}/fd`)).length
    const before = await count()
    const wrong = upgradeRequest('/ws', 'Authorization: Bearer wrong\r\n')
    const intruders = await Promise.all(Array.from({ length: 50 }, () => intrude(server.port, wrong)))
    await until('the descriptors are free again', async () => (await count()) < before + 10)
    for (const socket of intruders) socket.destroy()
  })
})
