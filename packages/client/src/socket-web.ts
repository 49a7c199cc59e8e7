import { AgentServerError, type Auth } from '@claude-agent/protocol'
import type { ClientSocket, SocketRequest } from './socket.ts'

/**
 * Opens a WebSocket where the platform has one: browsers, Bun, Deno. The token goes in the first frame, because a page
 * cannot set headers. Pings are answered by the platform and not shown, so a dead line is noticed when the platform says so.
 */
export function openSocket(request: SocketRequest): ClientSocket {
  const socket = createSocket(request)
  socket.binaryType = 'arraybuffer'
  let closed = false
  const close = (code: number, reason: string): void => {
    if (closed) return
    closed = true
    request.onClose({ code, reason })
  }
  socket.onopen = () => {
    if (request.token !== undefined) {
      socket.send(JSON.stringify({ type: 'auth', token: request.token } satisfies Auth))
    }
    request.onOpen()
  }
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (closed) return
    if (typeof data === 'string') request.onText(data)
    else request.onBytes?.(new Uint8Array(data as ArrayBuffer))
  }
  // Says nothing that the close after it does not; unheard it would be fatal where sockets are event emitters.
  socket.onerror = () => {}
  socket.onclose = ({ code, reason }) => close(code, reason)

  return {
    send(data) {
      if (socket.readyState !== WebSocket.OPEN) return false
      socket.send(data)
      return true
    },
    get buffered() {
      return socket.bufferedAmount
    },
    close: (reason) => socket.close(1000, reason),
    abort() {
      socket.close()
      close(1006, '')
    },
  }
}

/** Bun sends headers with an upgrade; a page, and what is made after one, cannot. */
function createSocket({ url, headers }: SocketRequest): WebSocket {
  if (Object.keys(headers).length === 0) return new WebSocket(url)
  if ('Bun' in globalThis) return Reflect.construct(WebSocket, [url, { headers }]) as WebSocket
  throw new AgentServerError({
    code: 'not_supported',
    message: `${url.origin} wants the headers ${Object.keys(headers).join(', ')}, and here a WebSocket cannot send any.`,
    hint: 'Connect from Node or Bun, or let a proxy of yours add the headers.',
  })
}
