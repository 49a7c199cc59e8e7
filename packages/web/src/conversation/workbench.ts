import {
  AgentServerError,
  type AgentServer,
  connect,
  type ConnectionState,
  type SessionInfo,
} from '@claude-agent/client'
import type { Transcript } from '../transcript/transcript.ts'
import { leaveSession, readSessionId, showSessionId } from './address.ts'
import { type Connection, describeFailure, describeLine } from './connection.ts'
import { Conversation } from './conversation.ts'
import { forgetToken, keepToken } from './token.ts'

/** How often the list of sessions is read again, while it can be seen. */
const LIST_MS = 4000
const PAGE_SIZE = 200

export interface View {
  connection: Connection
  /** The latest first. */
  sessions: readonly SessionInfo[]
  conversation: Conversation
  transcript: Transcript
  /** The session that is shown, as the server last described it. */
  info: SessionInfo | undefined
}

export interface WorkbenchParts {
  url: string
  token: string | undefined
  /** The name of this tab. */
  client: string
}

/** The server, its sessions, and the one that is shown: that which the address names. */
export class Workbench {
  readonly client: string
  readonly #url: string
  readonly #watchers = new Set<() => void>()
  #token: string | undefined
  #server: AgentServer | undefined
  #conversation: Conversation
  #connection: Connection = { status: 'connecting' }
  #sessions: readonly SessionInfo[] = []
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #view: View

  constructor({ url, token, client }: WorkbenchParts) {
    this.client = client
    this.#url = url
    this.#token = token
    this.#conversation = this.#createConversation(undefined)
    this.#view = this.#describe()
  }

  get view(): View {
    return this.#view
  }

  /** Calls back after each change of the view. */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange)
    return () => this.#watchers.delete(onChange)
  }

  /** Connects, and shows the session of the address from now on. */
  start(): void {
    addEventListener('hashchange', () => this.#show())
    addEventListener('popstate', () => this.#show())
    document.addEventListener('visibilitychange', () => this.#poll())
    setInterval(() => this.#poll(), LIST_MS)
    this.#connect()
  }

  /** Tries to connect now instead of later. */
  retry(): void {
    if (this.#isFollowing) this.#conversation.open()
    else void this.#enter()
  }

  /** Goes on with a token, which this tab keeps. */
  useToken(token: string): void {
    keepToken(token)
    this.#token = token
    this.#connect()
  }

  /** Ends a session and removes it for good. */
  async remove(id: string): Promise<void> {
    try {
      await this.#server?.session(id).delete()
    } catch (error) {
      this.#conversation.report(error)
    }
    if (id === this.#conversation.id) leaveSession()
    await this.#readList()
  }

  /** Writes a file of the workspace and says so. False when it could not. */
  async writeFile(path: string, content: string): Promise<boolean> {
    try {
      const { writeWorkspaceFile } = await import('./workspace-file.ts')
      await writeWorkspaceFile({ url: this.#url, token: this.#token }, path, content)
    } catch (error) {
      this.#conversation.report(error)
      return false
    }
    this.#conversation.notice(`This page wrote ${path} to the workspace: “${content}”`)
    return true
  }

  #connect(): void {
    try {
      this.#server = connect({ url: this.#url, token: this.#token, client: this.client })
    } catch (error) {
      return this.#fail(error)
    }
    this.#conversation.close()
    this.#conversation = this.#createConversation(readSessionId())
    void this.#enter()
  }

  /** Asks the server for its sessions, which tells whether it can be spoken to, and opens the one that is shown. */
  async #enter(): Promise<void> {
    clearTimeout(this.#retry)
    const { error } = this.#connection as { error?: AgentServerError }
    this.#connection = { status: 'connecting', error }
    this.#changed()
    if (!(await this.#readList())) return
    if (this.#conversation.id === undefined) this.#connection = { status: 'connected' }
    else this.#conversation.open()
    this.#changed()
  }

  /** Shows the session of the address. */
  #show(): void {
    const id = readSessionId()
    if (id === this.#conversation.id) return
    this.#conversation.close()
    this.#conversation = this.#createConversation(id)
    void this.#enter()
  }

  #createConversation(id: string | undefined): Conversation {
    // Until there is a server, nothing of the conversation is used.
    const server = this.#server ?? connect({ url: this.#url, client: this.client })
    const conversation: Conversation = new Conversation({
      server,
      id,
      onChange: () => conversation === this.#conversation && this.#changed(),
      onState: (state) => conversation === this.#conversation && this.#follow(state),
      onCreated: (created) => {
        if (conversation !== this.#conversation) return
        showSessionId(created)
        conversation.open()
        void this.#readList()
      },
    })
    return conversation
  }

  #follow(state: ConnectionState): void {
    const connection = describeLine(state, this.#token !== undefined)
    if (connection === undefined) return
    if (connection.status === 'token_needed') forgetToken()
    const { error } = this.#connection as { error?: AgentServerError }
    this.#connection = connection.status === 'connecting' ? { error, ...connection } : connection
    this.#changed()
  }

  /** Reads the list of sessions. A failure is told where no session tells it. */
  async #readList(): Promise<boolean> {
    const server = this.#server
    try {
      const sessions: SessionInfo[] = []
      for await (const info of server!.sessions({ limit: PAGE_SIZE })) sessions.push(info)
      if (server !== this.#server) return false
      this.#sessions = sessions.toSorted((a, b) => b.updatedAt - a.updatedAt)
      this.#failures = 0
    } catch (error) {
      if (server === this.#server && !this.#isFollowing) this.#fail(error)
      return false
    }
    this.#changed()
    return true
  }

  /** Whether the line of a session tells how the connection is. */
  get #isFollowing(): boolean {
    return this.#conversation.id !== undefined && this.#conversation.isOpen
  }

  #fail(error: unknown): void {
    if (!(error instanceof AgentServerError)) return this.#conversation.report(error)
    this.#connection = describeFailure(error, this.#failures, this.#token !== undefined)
    this.#failures += 1
    if (this.#connection.status === 'token_needed') forgetToken()
    if (this.#connection.status === 'waiting') {
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => void this.#enter(), this.#connection.retryAtMs - Date.now())
    }
    this.#changed()
  }

  #poll(): void {
    // A session that is gone is no reason not to see the others.
    const isFree = this.#connection.status === 'connected' || !this.#isFollowing
    if (!document.hidden && isFree) void this.#readList()
  }

  #describe(): View {
    const { transcript, info } = this.#conversation
    return {
      connection: this.#connection,
      sessions: this.#sessions,
      conversation: this.#conversation,
      transcript,
      info,
    }
  }

  #changed(): void {
    this.#view = this.#describe()
    for (const watcher of this.#watchers) watcher()
  }
}
