import {
  AgentServerError,
  type AskCancelled,
  type DirectedAsk,
  type DirectedResult,
  type McpMessage,
  type McpMessageDown,
  type Registered,
  type Registration,
} from '@claude-agent/protocol'
import { isPassing, isUnreached, persist } from '../patience.ts'
import type { DirectedHearer, SessionLine } from '../session/session-line.ts'
import { HookCallbacks } from './hook-callbacks.ts'
import { McpHost } from './mcp-host.ts'
import { Replies, type Reply } from './replies.ts'
import type { ClientIdentity, ServeOptions, Serving } from './types.ts'

/** The version of the protocol from which on clients can serve. */
const PROTOCOL = 3
/** How long the end waits for the server's word, in milliseconds. */
const GOODBYE_MS = 5_000
/** What the frame around an answer takes. */
const ENVELOPE_BYTES = 1024

/** A client that serves: registers whenever the line is connected, and does what the agent asks of it. */
export class ServedClient implements Serving, DirectedHearer {
  readonly client: ClientIdentity
  readonly ended: Promise<AgentServerError | undefined>
  readonly #line: SessionLine
  readonly #hooks: HookCallbacks
  readonly #hosts = new Map<string, McpHost>()
  readonly #replies = new Replies((ask, reply) => this.#answer(ask, reply))
  readonly #over = new AbortController()
  readonly #ownerTimeoutMs: number | undefined
  #registration: Registration = {}
  #detach = (): void => {}
  #markEnded!: (error: AgentServerError | undefined) => void
  /** The first registration. */
  #begun: { resolve: () => void; reject: (error: unknown) => void } | undefined

  constructor(line: SessionLine, client: ClientIdentity, options: ServeOptions) {
    this.#line = line
    this.client = client
    this.ended = new Promise((resolve) => (this.#markEnded = resolve))
    this.#hooks = new HookCallbacks(options.hooks)
    this.#ownerTimeoutMs = options.ownerTimeoutMs
    for (const [name, config] of Object.entries(options.mcpServers ?? {})) {
      const onMessage = (message: McpMessage): void => this.#pass(name, message)
      const onListChanged = (): void => void this.#describe().then(() => this.up(), this.#fail)
      this.#hosts.set(name, new McpHost({ name, config, onMessage, onListChanged }))
    }
  }

  /** Resolves when the server has it. @throws AgentServerError why it does not take it */
  async start(): Promise<void> {
    try {
      for (const host of this.#hosts.values()) await host.connect()
      await this.#describe()
      await new Promise<void>((resolve, reject) => {
        this.#begun = { resolve, reject }
        this.#detach = this.#line.attach(this)
      })
    } catch (error) {
      this.#end(undefined)
      throw error
    }
  }

  async close(): Promise<void> {
    if (this.#over.signal.aborted) return
    const { id, secret } = this.client
    if (this.#line.line.state.status === 'connected') {
      const signal = AbortSignal.timeout(GOODBYE_MS)
      await this.#line.ask({ type: 'register', client: id, secret }, signal).catch(() => {})
    }
    this.detach()
  }

  detach(): void {
    this.#end(undefined)
  }

  // What the line says.

  up(): void {
    queueMicrotask(() => void this.#register())
  }

  hear(frame: DirectedAsk | AskCancelled | McpMessageDown): void {
    if (frame.client !== this.client.id) return
    if (frame.type === 'ask_cancelled') this.#replies.cancel(frame.ask)
    else if (frame.type === 'mcp_message') this.#hosts.get(frame.server)?.tell(frame.message)
    else this.#replies.deliver(frame.ask, (signal) => this.#run(frame, signal))
  }

  end(error?: AgentServerError): void {
    this.#end(error)
  }

  async #register(): Promise<void> {
    const { id, secret } = this.client
    const { signal } = this.#over
    try {
      const { protocol = 0 } = this.#line.server ?? {}
      if (protocol < PROTOCOL) throw tooOld(protocol)
      const frame = { type: 'register', client: id, secret, ...this.#registration }
      const { asks } = await persist(() => this.#line.ask<Registered>(frame, signal), {
        signal,
        mayRetry: isBusy,
      })
      this.#replies.keep(asks)
      this.#begun?.resolve()
    } catch (error) {
      // The line comes back by itself, and so does this.
      if (error instanceof AgentServerError && !isPassing(error)) this.#fail(error)
    }
  }

  async #describe(): Promise<void> {
    const mcpServers: NonNullable<Registration['mcpServers']> = {}
    for (const [name, host] of this.#hosts) mcpServers[name] = await host.describe()
    const ownerTimeoutMs = this.#ownerTimeoutMs
    this.#registration = {
      hooks: this.#hooks.registered,
      mcpServers,
      ...(ownerTimeoutMs === undefined ? {} : { ownerTimeoutMs }),
    }
  }

  async #run(frame: DirectedAsk, signal: AbortSignal): Promise<DirectedResult> {
    if (frame.kind === 'hook') return await this.#hooks.run(frame.data, signal)
    const host = this.#hosts.get(frame.data.server)
    if (host !== undefined) return await host.request(frame.ask, frame.data, signal)
    return { error: { code: -32601, message: `The client has no server '${frame.data.server}' any more.` } }
  }

  async #answer(ask: string, reply: Reply): Promise<void> {
    const frame = { type: 'answer', ask, ...this.#fitting(reply) }
    await this.#line.ask(frame, this.#over.signal)
  }

  /** A reply that fits into a frame of the server. */
  #fitting(reply: Reply): Reply {
    const most = (this.#line.server?.maxFrameBytes ?? Infinity) - ENVELOPE_BYTES
    try {
      const text = JSON.stringify(reply)
      // A character takes three bytes at most.
      const size = text.length * 3 <= most ? 0 : new TextEncoder().encode(text).length
      if (size <= most) return reply
      return { error: `The result has ${size} bytes; the server takes ${most}.` }
    } catch (cause) {
      return { error: `The result cannot be sent: ${(cause as Error).message}` }
    }
  }

  #pass(server: string, message: McpMessage): void {
    // What is lost while the line is down was of that moment.
    const frame = { type: 'mcp_message', client: this.client.id, server, message }
    this.#line.line.send(JSON.stringify(frame))
  }

  readonly #fail = (error: AgentServerError): void => this.#end(error)

  #end(error: AgentServerError | undefined): void {
    if (this.#over.signal.aborted) return
    this.#over.abort(error ?? endedHere())
    this.#begun?.reject(error ?? endedHere())
    this.#detach()
    this.#replies.keep([])
    for (const host of this.#hosts.values()) host.close()
    this.#markEnded(error)
  }
}

/** Whether the server is there, and may take later what it does not take now. */
function isBusy(error: AgentServerError): boolean {
  return isPassing(error) && !isUnreached(error)
}

function endedHere(): AgentServerError {
  return new AgentServerError({ code: 'not_connected', message: 'Serving was ended by this client.' })
}

function tooOld(protocol: number): AgentServerError {
  return new AgentServerError({
    code: 'not_supported',
    message: `The server speaks version ${protocol} of the protocol; clients can serve from ${PROTOCOL} on.`,
    hint: 'Start a newer server.',
  })
}
