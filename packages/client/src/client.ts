import { AgentServerError } from '@claude-agent/protocol'
import type { Sandbox } from '@claude-agent/sandbox'
import { Connection } from './connection.ts'
import { DEFAULT_CONNECT_TIMEOUT_MS } from './const.ts'
import { Delivery } from './delivery.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { type FileFormats, listFiles, readFile, removeFile, writeFile } from './files.ts'
import { modelAccess } from './model-access.ts'
import { ModelLoan } from './model-loan.ts'
import { encodeQueryOptions, postQueryOptions } from './query-options.ts'
import { SandboxKeeper } from './sandbox/keeper.ts'
import { isEngine, planSandbox, refuseSandboxOptions } from './sandbox/plan.ts'
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
 * A client of a claude-agent-server: of the one at `connectionUrl`, or of one in a sandbox that it makes and ends. It
 * holds the server's one connection from `start()` to `stop()`, comes back by itself when the line drops or the sandbox
 * was paused, and hands each whole message on once. Files need no connection.
 */
export class ClaudeAgentClient {
  readonly #options: ClientOptions
  readonly #delivery = new Delivery()
  readonly #connection: Connection
  readonly #watches = new Watches()
  readonly #attemptMs: number
  /** Undefined when the server has a key of its own. */
  readonly #loan: ModelLoan | undefined
  /** Undefined when `connectionUrl` names a server. */
  readonly #keeper: SandboxKeeper | undefined

  /** Connects to nothing and checks nothing yet; `start()` does. */
  constructor(options: ClientOptions = {}) {
    this.#options = options
    const { connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS, timeoutMs = LONGEST_TIMER_MS } = options
    this.#attemptMs = Math.min(connectTimeoutMs, timeoutMs, LONGEST_TIMER_MS)
    if (options.broker === 'client') this.#loan = this.#lend(options)
    if (options.connectionUrl === undefined) this.#keeper = this.#keep(options)
    this.#connection = new Connection({
      locate: (signal) => this.#keeper?.locate(signal) ?? this.#server(),
      prepare: (endpoint, signal) => this.#prepare(endpoint, signal),
      delivery: this.#delivery,
      reconnect: options.reconnect ?? true,
      ...(this.#keeper === undefined ? {} : { mayRetry: (error) => this.#keeper!.mayRetry(error) }),
      attemptMs: this.#attemptMs,
      silenceMs: SILENCE_MS,
    })
    this.#connection.states.add(({ status, error, retryInMs }) => {
      this.#log(status)
      if (error !== undefined) this.#log(`${error.code}: ${error.message}`)
      if (retryInMs !== undefined) this.#log(`next attempt in ${retryInMs} ms`)
      if (status === 'connected') this.#keeper?.prove()
      if (status !== 'closed') return
      this.#keeper?.rest()
      void this.#loan?.close()
    })
  }

  /** Where the connection is in its life. */
  get state(): ConnectionState {
    return this.#connection.state
  }

  /** The sandbox that the client made or came back to, until it is ended. */
  get sandbox(): Sandbox | undefined {
    return this.#keeper?.sandbox
  }

  /** Its id, for `resume`. */
  get sandboxId(): string | undefined {
    return this.sandbox?.id
  }

  /**
   * Makes the sandbox, or comes back to the one that there is, unless `connectionUrl` names a server. Connects, then
   * stores the query options on the server, if any was given; with none its own stay as they are.
   * Resolves when the server has accepted the connection, so `send()` works from there on.
   * @throws AgentServerError `connect_failed`, `connect_timeout`, `not_a_server`, `unauthorized`, `already_connected`,
   * `invalid_setting`, `invalid_config` and the like; those of sandboxes, e.g. `template_not_found`, `sandbox_not_found`,
   * `engine_unreachable`; `not_connected` when `stop()` came first. It can be called again then, and what there is of a
   * sandbox is used; `stop()` ends it.
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

  /**
   * Ends the connection, the watches and the sandbox, however far `start()` came; a server at `connectionUrl` keeps the
   * conversation. May be called at any time, and again.
   * @throws AgentServerError when the engine could not end the sandbox: call it again; by itself it ends when its time is over.
   */
  async stop(): Promise<void> {
    const left = this.#leave()
    await (this.#keeper?.end(left) ?? left)
  }

  /** Ends the connection and the watches, and leaves the sandbox to its time: `start()`, or `resume: sandboxId`, comes back. */
  async detach(): Promise<void> {
    await this.#leave()
    await this.#keeper?.detach()
  }

  /**
   * Ends the connection and the watches, and pauses the sandbox. `start()`, or `resume: sandboxId`, goes on with it.
   * @throws AgentServerError `not_supported` when the engine has no pause: nothing has happened then; `not_connected` when
   * there is no sandbox.
   */
  async pause(): Promise<void> {
    if (this.#keeper === undefined) {
      throw new AgentServerError({
        code: 'not_supported',
        message: 'The client made no sandbox that it could pause: connectionUrl names a server.',
      })
    }
    this.#keeper.checkPause()
    await this.#leave()
    await this.#keeper.pause()
  }

  /** Writes a file whole or not at all, and makes the directories above it. */
  async writeFile(path: string, data: FileData, options: CallOptions = {}): Promise<void> {
    await writeFile(await this.#locate(), path, data, options)
  }

  /** Reads a file: as UTF-8 text, as a blob, or as a stream that is never in memory as a whole. */
  async readFile(path: string, format?: 'text', options?: CallOptions): Promise<string>
  async readFile<F extends keyof FileFormats>(
    path: string,
    format: F,
    options?: CallOptions,
  ): Promise<FileFormats[F]>
  async readFile(path: string, format: keyof FileFormats = 'text', options: CallOptions = {}) {
    return readFile(await this.#locate(), path, format, options)
  }

  /** Removes a file or an empty directory; one with entries only with `recursive`. */
  async removeFile(path: string, options: RemoveOptions = {}): Promise<void> {
    await removeFile(await this.#locate(), path, options)
  }

  /** Lists a directory. */
  async listFiles(path = '.', options: ListOptions = {}): Promise<EntryInfo[]> {
    return listFiles(await this.#locate(), path, options)
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

  /** Where the files are. */
  #locate(): Endpoint | Promise<Endpoint> {
    return this.#keeper?.endpoint() ?? this.#server()
  }

  /** The server that the options name. */
  #server(): Endpoint {
    const { connectionUrl = '', token } = this.#options
    refuseSandboxOptions(this.#options)
    return parseEndpoint(connectionUrl, token)
  }

  #keep(options: ClientOptions): SandboxKeeper {
    return new SandboxKeeper({
      ...planSandbox(options),
      onDoubt: (error) => this.#connection.renew(error),
      log: (text) => this.#log(text),
    })
  }

  /** Lets go of the server. */
  async #leave(): Promise<void> {
    await Promise.all([this.#connection.stop(), this.#watches.stop(), this.#loan?.close()])
  }

  #lend(options: ClientOptions): ModelLoan {
    return new ModelLoan({
      access: modelAccess(options),
      locate: () => this.#locate(),
      log: (text) => this.#log(text),
    })
  }

  #prepare(endpoint: Endpoint, signal: AbortSignal): Promise<void> | undefined {
    this.#loan?.open(endpoint)
    return this.#configure(endpoint, signal)
  }

  /** Stores the query options, if there are any. A key for a sandbox is in its environment already. */
  #configure(endpoint: Endpoint, signal: AbortSignal): Promise<void> | undefined {
    const { sandbox, broker } = this.#options
    const body = encodeQueryOptions(this.#options, {
      sandbox: isEngine(sandbox),
      anthropicApiKey: this.#keeper !== undefined || broker === 'client',
    })
    return body === undefined ? undefined : postQueryOptions(endpoint, body, signal)
  }

  #log(text: string): void {
    if (this.#options.debug === true) console.debug(`claude-agent: ${text}`)
  }
}
