import { type AgentServerError, ClaudeAgentClient, type ConnectionState } from '@claude-agent/client'
import { type Happening, reduce } from '../transcript/reduce.ts'
import { EMPTY_TRANSCRIPT, type Transcript } from '../transcript/transcript.ts'
import { Batch } from './batch.ts'
import { type Connection, describeConnection } from './connection.ts'
import { asksForToken, enableStreaming } from './server-config.ts'
import { forgetToken, keepToken } from './token.ts'

export interface View {
  transcript: Transcript
  connection: Connection
}

/** One client of the server and what was said through it. The page shows its `view`, and a new one after each change. */
export class Conversation {
  readonly #url: string
  readonly #batch = new Batch<Happening>((happenings) => this.#apply(happenings))
  readonly #watchers = new Set<() => void>()
  #view: View = { transcript: EMPTY_TRANSCRIPT, connection: { status: 'connecting' } }
  #client: ClaudeAgentClient
  #token: string | undefined
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined

  constructor(url: string, token: string | undefined) {
    this.#url = url
    this.#token = token
    this.#client = this.#createClient()
  }

  get view(): View {
    return this.#view
  }

  /** Calls back after each change of the view. */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange)
    return () => this.#watchers.delete(onChange)
  }

  /** Connects; from then on the connection comes back by itself. */
  async connect(): Promise<void> {
    const client = this.#client
    // On the socket a server would wait for a token before it says that there must be one.
    const asks = this.#token === undefined && (await asksForToken(this.#url))
    if (client !== this.#client) return
    if (asks) return this.#show({ connection: { status: 'token_needed', refused: false } })
    // A failed start is told as a state as well.
    await client.start().catch(() => undefined)
  }

  /** Tries to connect now instead of later. */
  async retry(): Promise<void> {
    clearTimeout(this.#retry)
    await this.#client.stop()
    await this.connect()
  }

  /** Goes on with a token, which this tab keeps. */
  async useToken(token: string): Promise<void> {
    keepToken(token)
    this.#token = token
    const old = this.#client
    this.#client = this.#createClient()
    await old.stop()
    await this.connect()
  }

  /** Sends a prompt. False when there is no connection to send it on. */
  send(text: string): boolean {
    const uuid = createUuid()
    const message = {
      type: 'user_message' as const,
      data: { type: 'user' as const, uuid, message: { role: 'user' as const, content: text } },
    }
    try {
      this.#client.send(message)
    } catch (error) {
      this.#report(error)
      return false
    }
    this.#batch.add({ type: 'prompt', uuid, text, message })
    this.#batch.flush()
    return true
  }

  /** Stops the running turn. */
  interrupt(): void {
    try {
      this.#client.interrupt()
    } catch (error) {
      this.#report(error)
    }
  }

  /** Writes a file of the workspace and says so. False when it could not. */
  async writeFile(path: string, content: string): Promise<boolean> {
    try {
      await this.#client.writeFile(path, content)
    } catch (error) {
      this.#report(error)
      return false
    }
    this.#batch.add({ type: 'notice', text: `This page wrote ${path} to the workspace: “${content}”` })
    return true
  }

  #createClient(): ClaudeAgentClient {
    const client = new ClaudeAgentClient({ connectionUrl: this.#url, token: this.#token })
    client.onMessage((frame) => this.#batch.add({ type: 'frame', frame }))
    client.onState((state) => {
      if (client === this.#client) void this.#follow(client, state)
    })
    return client
  }

  async #follow(client: ClaudeAgentClient, state: ConnectionState): Promise<void> {
    clearTimeout(this.#retry)
    if (this.#view.connection.status === 'connected') this.#batch.add({ type: 'disconnected' })
    if (state.status === 'connected') return this.#enter(client)
    const { connection: shown } = this.#view
    const connection = describeConnection(state, {
      failures: this.#failures,
      hasToken: this.#token !== undefined,
      lastError: 'error' in shown ? shown.error : undefined,
      nowMs: Date.now(),
    })
    if (connection.status === 'token_needed') forgetToken()
    if (connection.status === 'waiting' && state.status === 'closed') {
      this.#failures += 1
      this.#retry = setTimeout(() => void this.connect(), connection.retryAtMs - Date.now())
    }
    // `stop()` before a retry is no news.
    if (state.status !== 'closed' || state.error !== undefined) this.#show({ connection })
  }

  /** Makes sure that answers are streamed before the first prompt can be sent. */
  async #enter(client: ClaudeAgentClient): Promise<void> {
    try {
      await enableStreaming(this.#url, this.#token)
    } catch (error) {
      this.#report(error)
    }
    if (client !== this.#client || client.state.status !== 'connected') return
    this.#failures = 0
    this.#show({ connection: { status: 'connected' } })
  }

  #report(error: unknown): void {
    const { message, hint, code } = error as Partial<AgentServerError>
    this.#batch.add({ type: 'frame', frame: { type: 'error', error: message ?? String(error), code, hint } })
  }

  #apply(happenings: Happening[]): void {
    this.#show({ transcript: happenings.reduce(reduce, this.#view.transcript) })
  }

  #show(change: Partial<View>): void {
    this.#view = { ...this.#view, ...change }
    for (const watcher of this.#watchers) watcher()
  }
}

/** A random UUID; `crypto.randomUUID` exists only on pages from https or localhost. */
function createUuid(): string {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte, index) => {
    const value = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte
    return value.toString(16).padStart(2, '0')
  }).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
