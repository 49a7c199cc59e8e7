import type { McpMessage, McpReply } from '@claude-agent/protocol'

/** An in-process MCP server: whatever can be connected to a transport of the MCP SDK. */
export interface Connectable {
  connect(transport: never): Promise<void>
}

/** A JSON-RPC message, as far as it is looked at. */
interface Parts {
  id?: string | number
  method?: string
}

/** A JSON-RPC line to an MCP server in this process, by way of its `connect(transport)`. */
export class McpLine {
  readonly #onMessage: (message: McpMessage) => void
  readonly #open = new Map<string | number, (reply: McpReply) => void>()
  /** The transport that the server knows. */
  readonly #transport = {
    start: async (): Promise<void> => {},
    send: async (message: unknown): Promise<void> => this.#hear(message as McpMessage),
    close: async (): Promise<void> => this.close(),
    onmessage: undefined as ((message: McpMessage) => void) | undefined,
    onclose: undefined as (() => void) | undefined,
  }
  #isClosed = false

  /** @param onMessage is given what the server says of its own accord */
  constructor(onMessage: (message: McpMessage) => void) {
    this.#onMessage = onMessage
  }

  /** @throws what the server does, when it is connected already for one */
  async connect(instance: Connectable): Promise<void> {
    await instance.connect(this.#transport as never)
  }

  /** Sends a request, and waits for its reply. `signal` tells the server that nobody waits any more. Never rejects. */
  async request(
    id: string,
    method: string,
    params: Record<string, unknown> | undefined,
    signal?: AbortSignal,
  ): Promise<McpReply> {
    const cancel = (): void => {
      this.tell({
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: id, reason: 'The agent takes the request back.' },
      })
      this.#settle(id, { error: { code: -32000, message: 'The request was cancelled.' } })
    }
    try {
      return await new Promise<McpReply>((resolve) => {
        this.#open.set(id, resolve)
        signal?.addEventListener('abort', cancel, { once: true })
        this.tell({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) })
        if (this.#isClosed) this.close()
      })
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Hands a message to the server. */
  tell(message: McpMessage): void {
    this.#transport.onmessage?.(message)
  }

  /** Lets go of the server, which can be connected to another line then. */
  close(): void {
    for (const id of this.#open.keys())
      this.#settle(id, { error: { code: -32000, message: 'The server was let go of.' } })
    if (this.#isClosed) return
    this.#isClosed = true
    this.#transport.onclose?.()
  }

  #hear(message: McpMessage): void {
    const { id, method } = message as Parts
    if (id === undefined || method !== undefined) return this.#onMessage(message)
    const { result, error } = message as Partial<{ result: object; error: object }>
    this.#settle(id, (error === undefined ? { result } : { error }) as McpReply)
  }

  #settle(id: string | number, reply: McpReply): void {
    this.#open.get(id)?.(reply)
    this.#open.delete(id)
  }
}
