import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { ClientSocket, Closure, SocketRequest } from './socket.ts'

/** As much of an HTTP answer as is read to explain a failure. */
const ANSWER_BYTES = 65_536

/** Opens a WebSocket on Node. The token goes in a header; silence is noticed by pings. */
export function openSocket(request: SocketRequest): ClientSocket {
  const headers: Record<string, string> = { ...request.headers }
  if (request.token !== undefined) headers.authorization = `Bearer ${request.token}`
  const socket = new WebSocket(request.url, {
    headers,
    perMessageDeflate: false,
    ...(request.maxFrameBytes === undefined ? {} : { maxPayload: request.maxFrameBytes }),
  })
  const failure: Pick<Closure, 'cause' | 'answer'> = {}
  const stopWatch = request.silenceMs === undefined ? () => {} : watchSilence(socket, request.silenceMs)

  socket.on('open', () => request.onOpen())
  socket.on('message', (data, isBinary) => {
    if (isBinary) request.onBytes?.(data as Buffer)
    else request.onText((data as Buffer).toString('utf8'))
  })
  socket.on('ping', () => request.onSign?.())
  socket.on('error', (cause) => {
    failure.cause ??= cause
  })
  socket.on('unexpected-response', (_, response) => {
    void readAnswer(response).then((text) => {
      failure.answer = {
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'] ?? '',
        text,
      }
      socket.terminate()
    })
  })
  socket.on('close', (code, reason) => {
    stopWatch()
    request.onClose({ code, reason: reason.toString('utf8'), ...failure })
  })

  return {
    send(data) {
      if (socket.readyState !== WebSocket.OPEN) return false
      socket.send(data)
      return true
    },
    get buffered() {
      return socket.bufferedAmount
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (reason) => socket.close(1000, reason),
    abort: () => socket.terminate(),
  }
}

/** Pings a silent line, and ends it when nothing comes for the whole time. */
function watchSilence(socket: WebSocket, silenceMs: number): () => void {
  let silentTicks = 0
  const heard = (): void => {
    silentTicks = 0
  }
  for (const event of ['open', 'message', 'ping', 'pong']) socket.on(event, heard)
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return
    silentTicks += 1
    if (silentTicks > 3) return socket.terminate()
    if (silentTicks > 1) socket.ping()
  }, silenceMs / 3)
  timer.unref()
  return () => clearInterval(timer)
}

/** The start of an answer's body. */
async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      if (size > ANSWER_BYTES) break
    }
  } catch {
    // What came is enough to explain the failure.
  }
  return Buffer.concat(chunks).toString('utf8')
}
