import type { Auth } from '@claude-agent/protocol'
import type { ClientSocket, SocketRequest } from './socket.ts'

/**
 * Opens a WebSocket where the platform has one: browsers, Bun, Deno. The token goes in the first frame, because a page
 * cannot set headers. Pings are answered by the platform and not shown, so a dead line is noticed when the platform says so.
 */
export function openSocket(request: SocketRequest): ClientSocket {
  const socket = new WebSocket(request.url)
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
    if (!closed && typeof data === 'string') request.onText(data)
  }
  // Says nothing that the close after it does not; unheard it would be fatal where sockets are event emitters.
  socket.onerror = () => {}
  socket.onclose = ({ code, reason }) => close(code, reason)

  return {
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return false
      socket.send(text)
      return true
    },
    close: (reason) => socket.close(1000, reason),
    abort() {
      socket.close()
      close(1006, '')
    },
  }
}
