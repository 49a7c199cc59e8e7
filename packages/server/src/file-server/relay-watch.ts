import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { ERRORS } from '@claude-agent/protocol'
import { WebSocket, type RawData } from 'ws'
import { lost } from './relay-routes.ts'

/** Bytes that may wait for the reader before the process that watches has to wait too, and merges what happens. */
const MAX_BUFFERED = 1024 * 1024
/** Time after which a reader that takes nothing is closed with 1013. */
const MAX_STALL_MS = 20_000
/** How `serveWatch` closes. Others come of a broken connection, or are the server's word: that the token is wrong, say. */
const TOLD: ReadonlySet<number> = new Set([1000, 1001, 1008, 1011, 1013, ERRORS.too_many_watches.close])
/** Largest frame that is taken from there; those of a watch are small. */
const MAX_FRAME = 1024 * 1024

/** Passes the frames of a watch on, as `serveWatch` of the process that watches sends them. */
export async function relayWatch(
  socket: WebSocket,
  url: URL,
  address: () => Promise<string>,
  maxStallMs: number = MAX_STALL_MS,
): Promise<void> {
  const path = await address()
  if (socket.readyState !== socket.OPEN) return
  const source = new WebSocket(`ws://files/files/watch${url.search}`, {
    createConnection: () => connect(path),
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    followRedirects: false,
  })
  const waiting = new AbortController()
  socket.once('close', () => {
    waiting.abort()
    source.terminate()
  })

  const hold = async (sent: Promise<void>): Promise<void> => {
    source.pause()
    const stalled = new AbortController()
    const signal = AbortSignal.any([waiting.signal, stalled.signal])
    const isRead = await Promise.race([sent.then(() => true), stall(maxStallMs, signal)])
    stalled.abort()
    if (isRead) source.resume()
    else if (socket.readyState === socket.OPEN) {
      socket.close(1013, 'reads too slowly: connect again and list')
      source.terminate()
    }
  }
  source.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary || socket.readyState !== socket.OPEN) return
    const sent = new Promise<void>((resolve) =>
      socket.send(data as Buffer, { binary: false }, () => resolve()),
    )
    if (socket.bufferedAmount > MAX_BUFFERED && !source.isPaused) void hold(sent)
  })
  // Told by the close that follows.
  source.on('error', () => {})
  source.once('close', (code, reason) => {
    if (socket.readyState !== socket.OPEN) return
    if (TOLD.has(code)) return socket.close(code, reason)
    socket.send(JSON.stringify({ type: 'error', ...lost().toJSON() }))
    socket.close(1011, 'internal')
  })
}

/** False after the time, or at once when the signal says so. */
async function stall(ms: number, signal: AbortSignal): Promise<false> {
  await delay(ms, undefined, { signal }).catch(() => {})
  return false
}
