import { AgentServerError, parseErrorBody } from '@claude-agent/protocol'
import { openSocket } from '#socket'
import type { Endpoint, Params } from './endpoint.ts'
import { closureFailure, notAServer, parseJson, refusal, unreachable } from './failure.ts'
import { needsToken, probe } from './probe.ts'
import type { ClientSocket, Closure } from './socket.ts'

/** How long a goodbye may take, in milliseconds, before the line is dropped. */
const GOODBYE_MS = 2_000

/** How long a server may be silent before a client without a token asks whether it needs one, in milliseconds. */
const TOKEN_DOUBT_MS = 500

/** A frame that is JSON and has a type. */
export interface Frame {
  type: string
}

export interface ChannelRequest {
  endpoint: Endpoint
  path: string
  params?: Params
  /** Type of the frame with which the server accepts. */
  accept: string
  /** What is asked over HTTP when the socket does not open and the platform hides why. @default '/health' */
  probePath?: string | undefined
  /** See `SocketRequest`. */
  silenceMs: number | undefined
  /** See `SocketRequest`. */
  maxFrameBytes?: number | undefined
  /** Ends the attempt, which then rejects with the signal's reason; once open it does nothing. */
  signal: AbortSignal
  /** Every frame from the accepting one on, with its length in characters. */
  onFrame(frame: Frame, size: number): void
  /** Every binary frame after it. */
  onBytes?(bytes: Uint8Array): void
  /** A sign of life that is no frame, where the platform shows it. */
  onSign?(): void
  /** Once, when an accepted channel ends otherwise than by `close()`. */
  onEnd(error: AgentServerError): void
}

/** A WebSocket that the server has accepted. */
export interface Channel {
  /** False when the socket is closing: nothing was sent. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean
  /** Bytes that were sent and have not left yet. */
  readonly buffered: number
  /** Reads nothing more until `resume()`, where the platform can. */
  pause(): void
  resume(): void
  /** Says goodbye, for a reason of at most 123 bytes; resolves when the socket is closed. */
  close(reason?: string): Promise<void>
  /** Drops the line. */
  abort(): void
}

/**
 * Opens a WebSocket and waits until the server accepts it.
 * @throws AgentServerError that says who refused and why.
 */
export function openChannel(request: ChannelRequest): Promise<Channel> {
  const { endpoint, signal } = request
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    let phase: 'opening' | 'waiting' | 'accepted' | 'over' = 'opening'
    let announced: AgentServerError | undefined
    let socket: ClientSocket | undefined
    let markClosed = (): void => {}
    const closed = new Promise<void>((done) => {
      markClosed = done
    })

    const onAbort = (): void => fail(signal.reason)
    const fail = (error: unknown): void => {
      if (phase === 'over') return
      phase = 'over'
      settle()
      socket?.abort()
      reject(error)
    }
    let doubt: ReturnType<typeof setTimeout> | undefined
    const settle = (): void => {
      clearTimeout(doubt)
      signal.removeEventListener('abort', onAbort)
    }
    const onOpen = (): void => {
      if (phase !== 'opening') return
      phase = 'waiting'
      if (endpoint.token !== undefined) return
      doubt = setTimeout(
        () => void needsToken(endpoint, signal).then((error) => error && fail(error)),
        TOKEN_DOUBT_MS,
      )
    }
    const onText = (text: string): void => {
      const frame = parseJson(text)
      if (phase === 'accepted') {
        if (!isFrame(frame)) return
        // Not one of an event, nor one that answers a frame.
        if (frame.type === 'error' && !('seq' in frame || 'id' in frame)) announced = parseErrorBody(frame)
        return request.onFrame(frame, text.length)
      }
      if (phase === 'over') return
      if (!isFrame(frame)) return fail(notAServer(endpoint, 'sent a frame that is no JSON message'))
      if (frame.type === 'error') return fail(refusal(endpoint, frame))
      if (frame.type !== request.accept)
        return fail(notAServer(endpoint, `began with a frame of type '${frame.type}'`))
      phase = 'accepted'
      settle()
      request.onFrame(frame, text.length)
      resolve(channel)
    }
    const onClose = (closure: Closure): void => {
      markClosed()
      if (phase === 'over') return
      const error = closureFailure(endpoint, closure, announced)
      if (phase === 'accepted') {
        phase = 'over'
        return request.onEnd(error)
      }
      const silent = phase === 'opening' && closure.cause === undefined && closure.answer === undefined
      if (silent) void probe(endpoint, signal, request.probePath).then(fail, fail)
      else fail(error)
    }

    const channel: Channel = {
      send: (data) => socket?.send(data) ?? false,
      get buffered() {
        return socket?.buffered ?? 0
      },
      pause: () => socket?.pause?.(),
      resume: () => socket?.resume?.(),
      close(reason) {
        phase = 'over'
        socket?.close(reason)
        const timer = setTimeout(() => socket?.abort(), GOODBYE_MS)
        return closed.finally(() => clearTimeout(timer))
      },
      abort() {
        phase = 'over'
        socket?.abort()
      },
    }

    signal.addEventListener('abort', onAbort)
    try {
      socket = openSocket({
        url: endpoint.socket(request.path, request.params),
        token: endpoint.token,
        headers: endpoint.headers,
        silenceMs: request.silenceMs,
        maxFrameBytes: request.maxFrameBytes,
        onOpen,
        onText,
        onBytes: (bytes) => phase === 'accepted' && request.onBytes?.(bytes),
        onSign: () => request.onSign?.(),
        onClose,
      })
    } catch (cause) {
      fail(cause instanceof AgentServerError ? cause : unreachable(endpoint, cause))
    }
  })
}

/** Whether a value is a message of the protocol. */
function isFrame(value: unknown): value is Frame {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
