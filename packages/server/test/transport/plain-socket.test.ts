import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { EphemeralEvent, LoggedEvent } from '@claude-agent/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { Entry } from '../../src/log/entry.ts'
import { PlainSocket } from '../../src/transport/plain/plain-socket.ts'
import { until } from '../support.ts'

const entry = (seq: number | undefined, event: unknown): Entry =>
  new Entry(seq, Buffer.from(JSON.stringify(event)), event as LoggedEvent | EphemeralEvent)

const said = (seq: number, text: string): Entry =>
  entry(seq, { seq, at: 1, type: 'sdk_message', data: { type: 'assistant', text } })

const partial = (text: string, flags: { replayed?: true } = {}): Entry =>
  entry(undefined, { type: 'sdk_message', data: { type: 'stream_event', text }, ...flags })

/** The server's side of a socket, what its client got, and how the client was closed. */
async function createSocket(): Promise<{
  socket: PlainSocket
  frames: unknown[]
  closed: Promise<unknown[]>
}> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.close())
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => client.terminate())
  const frames: unknown[] = []
  client.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())))
  const [accepted, { socket: raw }] = (await once(server, 'connection')) as [WebSocket, IncomingMessage]
  return { socket: new PlainSocket(accepted, raw, 0, () => {}), frames, closed: once(client, 'close') }
}

const texts = (frames: unknown[]): string[] =>
  frames.map((frame) => (frame as { data: { text: string } }).data.text)

test('a client that comes in the middle of a message gets partial messages from there on, live only', async () => {
  const { socket, frames } = await createSocket()
  socket.write([partial('said before', { replayed: true })])
  socket.caughtUp()
  socket.write([partial('live'), said(1, 'whole')])
  await until('all is there', () => frames.length === 2)
  expect(texts(frames)).toEqual(['live', 'whole'])
  expect(frames[1]).toEqual({ type: 'sdk_message', data: { type: 'assistant', text: 'whole' } })
})

test('a client that lagged gets no partial messages up to the next whole one', async () => {
  const { socket, frames } = await createSocket()
  socket.caughtUp()
  socket.write([partial('one')])
  socket.write([partial('one, two', { replayed: true })])
  socket.write([partial('three'), said(1, 'whole'), partial('next')])
  await until('all is there', () => frames.length === 3)
  expect(texts(frames)).toEqual(['one', 'whole', 'next'])
})

test('a client whose log cannot be read is told so, and to come again', async () => {
  const { socket, frames, closed } = await createSocket()
  socket.failed()
  expect((await closed)[0]).toBe(1011)
  expect(frames).toMatchObject([{ type: 'error', code: 'internal' }])
})
