/** What a socket is opened with. */
export interface SocketRequest {
  url: URL
  token: string | undefined
  /** What the upgrade has to carry beside the token. A platform that cannot send headers refuses them. */
  headers: Readonly<Record<string, string>>
  /** Milliseconds without a sign of life after which the line counts as dead, where that can be told; undefined: never. */
  silenceMs: number | undefined
  /** Size of a frame that ends the socket, where that can be told. @default the platform's */
  maxFrameBytes?: number | undefined
  /** The socket is open and its token is on the way. */
  onOpen(): void
  onText(text: string): void
  onBytes?(bytes: Uint8Array): void
  /** The other side gave a sign of life that is no text, where the platform shows it. */
  onSign?(): void
  /** Once, also when the socket never opened; nothing comes after it. */
  onClose(closure: Closure): void
}

/** How a socket ended. */
export interface Closure {
  code: number
  reason: string
  /** Why the socket failed, where the platform says it. */
  cause?: unknown
  /** The HTTP answer that came in place of a WebSocket, where the platform shows it. */
  answer?: HttpAnswer
}

export interface HttpAnswer {
  status: number
  contentType: string
  text: string
}

/** One WebSocket. An adapter per platform stands behind `#socket` (see package.json): it translates and decides nothing. */
export interface ClientSocket {
  /** False when the socket is not open (any more): nothing was sent. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean
  /** Bytes that were sent and have not left yet. */
  readonly buffered: number
  /** Reads nothing more until `resume()`, where the platform can. */
  pause?(): void
  resume?(): void
  /** Says goodbye and waits for the other side's. */
  close(reason?: string): void
  /** Drops the line at once. */
  abort(): void
}
