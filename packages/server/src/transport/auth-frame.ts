import { AgentServerError, ERRORS, type AuthCredential } from '@claude-agent/protocol'
import { auth, authCredential } from '@claude-agent/protocol/schema'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import * as z from 'zod/mini'
import { unauthorized, type Access } from './access.ts'
import { readFrame } from './frame.ts'

/** What a socket may send before it has shown the token. */
const MAX_BYTES = 4 * 1024
/** Frame headers and the like, on top of it. */
const SLACK_BYTES = 1024
/** What a socket has to show it. */
const AUTH_MS = 5_000

/**
 * Waits for the `auth` frame of a socket that came without an `Authorization` header, and calls `onAccepted` in the
 * same turn, so that no frame behind it is missed. A socket that fails is told why and closed. Until then it gets no
 * slot and no memory to fill.
 */
export function awaitAuth(socket: WebSocket, raw: Duplex, access: Access, onAccepted: () => void): void {
  let received = 0
  const settle = (): void => {
    clearTimeout(timer)
    socket.off('message', hear)
    socket.off('close', settle)
    raw.off('data', count)
  }
  const fail = (error: AgentServerError): void => {
    // What it sends until it is gone still counts.
    clearTimeout(timer)
    socket.off('message', hear)
    socket.send(JSON.stringify({ type: 'error', ...error.toJSON() }))
    socket.close(ERRORS[error.code as 'unauthorized' | 'auth_timeout'].close, error.code)
    setTimeout(() => socket.terminate(), 1000).unref()
  }
  const count = (chunk: Buffer): void => {
    received += chunk.length
    if (received <= MAX_BYTES + SLACK_BYTES) return
    settle()
    socket.terminate()
  }
  const hear = (data: RawData, isBinary: boolean): void => {
    if (!isToken(data, isBinary, access)) return fail(unauthorized())
    settle()
    onAccepted()
  }
  const timer = setTimeout(() => {
    fail(new AgentServerError({ code: 'auth_timeout', message: `No auth frame came within ${AUTH_MS} ms.` }))
  }, AUTH_MS)
  socket.on('message', hear)
  socket.once('close', settle)
  raw.on('data', count)
}

/** Whether a frame is the right `auth`. What else this server understands is no stranger's business. */
function isToken(data: RawData, isBinary: boolean, access: Access): boolean {
  try {
    const frame = readFrame({ auth: z.union([auth, authCredential]) }, data, isBinary, MAX_BYTES)
    return access.acceptsToken(
      'token' in frame ? String(frame.token) : (frame as AuthCredential).credential.token,
    )
  } catch {
    return false
  }
}
