import { setTimeout as delay } from 'node:timers/promises'
import { AgentServerError, ERRORS, type WatchEvent, type WatchReady } from '@claude-agent/protocol'
import type { WebSocket } from 'ws'
import { watchDirectory } from '../files/watching.ts'
import type { Workspace } from '../files/workspace.ts'
import { readFlag } from './file-routes.ts'

export interface WatchSocketOptions {
  /** Bytes that may wait for the reader before the watch waits for it too, and merges what happens meanwhile. @default 1 MiB */
  maxBufferedBytes?: number
  /** Time after which a reader that takes nothing is closed with 1013. @default 20_000 */
  maxStallMs?: number
  /** Most entries below the watched directory; more are an error. @default 200_000 */
  maxEntries?: number
}

/**
 * Serves `WS /files/watch?path=&recursive=` on a socket that may speak: `ready`, then a frame per event. A failure is
 * told in an `error` frame before the close: with the code of the catalogue where the error has one, else with 1011
 * when a retry is right and 1008 when not. For a slow reader changes of one entry are merged; memory is bounded.
 */
export function serveWatch(
  socket: WebSocket,
  url: URL,
  workspace: Workspace,
  options: WatchSocketOptions = {},
): void {
  const { maxBufferedBytes = 1024 * 1024, maxStallMs = 20_000, maxEntries } = options
  const ended = new AbortController()
  const { signal } = ended

  const send = async (frame: WatchReady | WatchEvent): Promise<void> => {
    if (signal.aborted) return
    const sent = new Promise<boolean>((resolve) => socket.send(JSON.stringify(frame), () => resolve(true)))
    if (socket.bufferedAmount <= maxBufferedBytes) return
    const stalled = new AbortController()
    const isRead = await Promise.race([sent, stall(maxStallMs, AbortSignal.any([signal, stalled.signal]))])
    stalled.abort()
    if (isRead || signal.aborted) return
    ended.abort()
    socket.close(1013, 'reads too slowly: connect again and list')
  }
  const fail = (error: AgentServerError): void => {
    if (signal.aborted) return
    ended.abort()
    const kind: { close?: number; retry: boolean } = ERRORS[error.code]
    socket.send(JSON.stringify({ type: 'error', ...error.toJSON() }))
    socket.close(kind.close ?? (kind.retry ? 1011 : 1008), error.code)
  }
  const begin = async (): Promise<void> => {
    await watchDirectory(workspace, {
      path: url.searchParams.get('path') ?? '.',
      recursive: readFlag('recursive', url.searchParams.get('recursive') ?? undefined),
      maxEntries,
      signal,
      onEvents: async (events) => {
        for (const event of events) await send(event)
      },
      onError: fail,
    })
    await send({ type: 'ready' })
  }

  socket.once('close', () => ended.abort())
  begin().catch((cause: unknown) => {
    const internal = { code: 'internal', message: 'The watch could not begin.', cause } as const
    fail(cause instanceof AgentServerError ? cause : new AgentServerError(internal))
  })
}

/** False after the time, or at once when the signal says so. */
async function stall(ms: number, signal: AbortSignal): Promise<false> {
  await delay(ms, undefined, { signal }).catch(() => {})
  return false
}
