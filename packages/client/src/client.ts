import { AgentServerError } from '@claude-agent/protocol'
import { Connection } from './connection.ts'
import { DEFAULT_CONNECT_TIMEOUT_MS } from './const.ts'
import { Delivery } from './delivery.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { type FileFormats, listFiles, readFile, removeFile, writeFile } from './files.ts'
import { encodeQueryOptions, postQueryOptions } from './query-options.ts'
import type {
  CallOptions,
  ClientOptions,
  ConnectionState,
  EntryInfo,
  FileData,
  FilesystemEvent,
  ListOptions,
  RemoveOptions,
  WatchHandle,
  WatchOptions,
  WSInputMessage,
  WSOutputMessage,
} from './types.ts'
import { Watches } from './watch.ts'

/** A line that is silent for this long, pings included, is dead. Told on Node only: elsewhere pings are not shown. */
const SILENCE_MS = 30_000

/** What `setTimeout` can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * A client of a claude-agent-server. It holds the server's one connection from `start()` to `stop()`, comes back by
 * itself when the line drops, and hands each whole message on once. Files need no connection.
 */
export class ClaudeAgentClient {
  readonly #options: ClientOptions
  readonly #delivery = new Delivery()
  readonly #connection: Connection
  readonly #watches = new Watches()
  readonly #attemptMs: number

  /** Connects to nothing and checks nothing yet; `start()` does. */
  constructor(options: ClientOptions = {}) {
    this.#options = options
    const { connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS, timeoutMs = LONGEST_TIMER_MS } = options
    this.#attemptMs = Math.min(connectTimeoutMs, timeoutMs, LONGEST_TIMER_MS)
    this.#connection = new Connection({
      locate: () => this.#locate(),
      prepare: (endpoint, signal) => this.#configure(endpoint, signal),
      delivery: this.#delivery,
      reconnect: options.reconnect ?? true,
      attemptMs: this.#attemptMs,
      silenceMs: SILENCE_MS,
    })
    this.#connection.states.add(({ status, error, retryInMs }) => {
      this.#log(status)
      if (error !== undefined) this.#log(`${error.code}: ${error.message}`)
      if (retryInMs !== undefined) this.#log(`next attempt in ${retryInMs} ms`)
    })
  }

  /** Where the connection is in its life. */
  get state(): ConnectionState {
    return this.#connection.state
  }

  /**
   * Connects, then stores the query options on the server, if any was given; with none its own stay as they are.
   * Resolves when the server has accepted the connection, so `send()` works from there on.
   * @throws AgentServerError `connect_failed`, `connect_timeout`, `not_a_server`, `unauthorized`, `already_connected`,
   * `invalid_config` and the like; `not_connected` when `stop()` came first. It can be called again then.
   */
  start(): Promise<void> {
    return this.#connection.start()
  }

  /**
   * Sends a prompt or an interrupt.
   * @throws AgentServerError `not_connected` when there is no connection: nothing is kept for later.
   */
  send(message: WSInputMessage): void {
    this.#connection.send(JSON.stringify(message))
  }

  /** Stops the running turn; the conversation goes on. */
  interrupt(): void {
    this.send({ type: 'interrupt' })
  }

  /** Calls the handler with every message. What came before the first handler was there, it gets first. */
  onMessage(handler: (message: WSOutputMessage) => void): () => void {
    return this.#delivery.add(handler)
  }

  /** Calls the handler with every change of the connection's state. */
  onState(handler: (state: ConnectionState) => void): () => void {
    return this.#connection.states.add(handler)
  }

  /** Ends the connection and the watches. The server keeps the conversation. May be called at any time, and again. */
  async stop(): Promise<void> {
    await Promise.all([this.#connection.stop(), this.#watches.stop()])
  }

  /** Writes a file whole or not at all, and makes the directories above it. */
  async writeFile(path: string, data: FileData, options: CallOptions = {}): Promise<void> {
    await writeFile(this.#locate(), path, data, options)
  }

  /** Reads a file: as UTF-8 text, as a blob, or as a stream that is never in memory as a whole. */
  async readFile(path: string, format?: 'text', options?: CallOptions): Promise<string>
  async readFile<F extends keyof FileFormats>(
    path: string,
    format: F,
    options?: CallOptions,
  ): Promise<FileFormats[F]>
  async readFile(path: string, format: keyof FileFormats = 'text', options: CallOptions = {}) {
    return readFile(this.#locate(), path, format, options)
  }

  /** Removes a file or an empty directory; one with entries only with `recursive`. */
  async removeFile(path: string, options: RemoveOptions = {}): Promise<void> {
    await removeFile(this.#locate(), path, options)
  }

  /** Lists a directory. */
  async listFiles(path = '.', options: ListOptions = {}): Promise<EntryInfo[]> {
    return listFiles(this.#locate(), path, options)
  }

  /** Watches a directory; resolves when every change from now on is told. */
  async watchDir(
    path: string,
    onEvent: (event: FilesystemEvent) => void,
    options: WatchOptions = {},
  ): Promise<WatchHandle> {
    const limits = { attemptMs: this.#attemptMs, silenceMs: SILENCE_MS }
    return this.#watches.open(this.#locate(), { ...options, ...limits, path, onEvent })
  }

  /** The server that the options name. */
  #locate(): Endpoint {
    const { connectionUrl, token } = this.#options
    if (connectionUrl !== undefined) return parseEndpoint(connectionUrl, token)
    throw new AgentServerError({
      code: 'not_supported',
      message: 'No connectionUrl was given, and this version cannot create sandboxes yet.',
      hint: 'Start a server and pass its address: connectionUrl: ‘http://localhost:3000’. `e2bApiKey` and `template` come later.',
    })
  }

  /** Stores the query options, if there are any. */
  #configure(endpoint: Endpoint, signal: AbortSignal): Promise<void> | undefined {
    const body = encodeQueryOptions(this.#options)
    return body === undefined ? undefined : postQueryOptions(endpoint, body, signal)
  }

  #log(text: string): void {
    if (this.#options.debug === true) console.debug(`claude-agent: ${text}`)
  }
}
