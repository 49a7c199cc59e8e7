import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { Entry } from '../../../src/log/entry.ts'
import { EntryBytes } from '../../../src/transport/sessions/entry-bytes.ts'
import { toTextFrame } from '../../../src/transport/text-frame.ts'

const entryOf = (text: string): Entry => new Entry(1, Buffer.from(text))

/** Both ends of a WebSocket, and what lies under the server's. */
async function connectPair(): Promise<{ client: WebSocket; server: WebSocket; raw: Duplex }> {
  const http = createServer()
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const accepted = new Promise<{ server: WebSocket; raw: Duplex }>((resolve) => {
    http.on('upgrade', (request, raw, head) => {
      sockets.handleUpgrade(request, raw, head, (server) => resolve({ server, raw }))
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`)
  onTestFinished(() => {
    client.terminate()
    http.close()
    http.closeAllConnections()
  })
  const [pair] = await Promise.all([accepted, once(client, 'open')])
  return { client, ...pair }
}

describe('an event framed by us', () => {
  test.each([0, 1, 125, 126, 127, 65535, 65536, 65537, 1_000_000])(
    'of %i bytes arrives whole at a WebSocket client, between frames of ws',
    async (length) => {
      const { client, server, raw } = await connectPair()
      const received: string[] = []
      client.on('message', (data: Buffer, isBinary) => received.push(`${isBinary}:${data.toString()}`))
      const text = 'x'.repeat(length)
      const bytes = new EntryBytes(toTextFrame).of([entryOf(text)], 'log')
      server.send('before')
      raw.write(bytes)
      server.ping()
      raw.write(bytes)
      server.send('after')
      server.close(4000, 'done')
      const [code] = (await once(client, 'close')) as [number]
      expect(code).toBe(4000)
      expect(received).toEqual(['false:before', `false:${text}`, `false:${text}`, 'false:after'])
    },
  )

  test('keeps characters of every width', async () => {
    const { client, raw } = await connectPair()
    const text = JSON.stringify({ text: 'é…漢𝄞👩‍👩‍👧\u2028\u0000' }).repeat(3)
    raw.write(new EntryBytes(toTextFrame).of([entryOf(text), entryOf('2')], 'log'))
    const [first] = (await once(client, 'message')) as [Buffer]
    expect(first.toString()).toBe(text)
  })
})

describe('the bytes of events', () => {
  test('are made once for all readers of one event, whatever list it comes in', () => {
    const frames = new EntryBytes(toTextFrame)
    const entry = entryOf('{}')
    expect(frames.of([entry], 'log')).toBe(frames.of([entry], 'log'))
  })

  test('are made once for all readers of one batch, in order', () => {
    const frames = new EntryBytes(toTextFrame)
    const batch = [entryOf('a'), entryOf('b'), entryOf('c')]
    expect(frames.of(batch, 'log')).toBe(frames.of(batch, 'log'))
    expect(frames.of(batch, 'log').toString('latin1')).toBe('\x81\x01a\x81\x01b\x81\x01c')
  })
})
