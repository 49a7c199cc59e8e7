import {
  AgentServerError,
  type AgentServer,
  type AskResult,
  type ClientEvent,
  type ConnectionState,
  type Cursor,
  type EventStream,
  type Session,
  type SessionInfo,
} from '@claude-agent/client'
import { type Happening, reduce } from '../transcript/reduce.ts'
import { EMPTY_TRANSCRIPT, type Transcript } from '../transcript/transcript.ts'
import { Batch } from './batch.ts'
import { createUuid } from './uuid.ts'

/** Pause in which several reasons to ask how the session is become one. */
const SOON_MS = 100
const TITLE_LENGTH = 60

/** Who decides on tools that need a permission: the server's own mode, or a person, each time. */
export type Permissions = 'server' | 'ask'

export interface ConversationParts {
  server: AgentServer
  /** Of the session; without it the first prompt creates one. */
  id: string | undefined
  onChange: () => void
  /** The first prompt has created the session. */
  onCreated: (id: string) => void
  onState: (state: ConnectionState) => void
}

/** One session, and all that was and is said in it. */
export class Conversation {
  /** Tells conversations apart, those too that have no session yet. */
  readonly key = createUuid()
  readonly #parts: ConversationParts
  readonly #batch = new Batch<Happening>((happenings) => this.#apply(happenings))
  #transcript = EMPTY_TRANSCRIPT
  #info: SessionInfo | undefined
  #session: Session | undefined
  #creating: Promise<Session> | undefined
  #stream: EventStream | undefined
  /** The list of events that the transcript is of. */
  #log: string | undefined
  #wasConnected = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #unwatch = (): void => {}

  constructor(parts: ConversationParts) {
    this.#parts = parts
    if (parts.id !== undefined) this.#session = parts.server.session(parts.id)
  }

  get id(): string | undefined {
    return this.#session?.id
  }

  /** Whether its events are being read. */
  get isOpen(): boolean {
    return this.#stream !== undefined
  }

  get transcript(): Transcript {
    return this.#transcript
  }

  /** The session as the server last described it. */
  get info(): SessionInfo | undefined {
    return this.#info
  }

  /** Reads the events from where it stands, and goes on with what happens. */
  open(): void {
    if (this.#session === undefined) return
    const cursor = this.#session.cursor
    this.close()
    this.#unwatch = this.#session.on('state', (state) => this.#follow(state))
    void this.#read(this.#session, cursor)
  }

  /** Stops reading. What is on its way to the server still gets there. */
  close(): void {
    clearTimeout(this.#timer)
    this.#unwatch()
    const stream = this.#stream
    this.#stream = undefined
    void stream?.return()
  }

  /** Sends a prompt, which may wait for the server to come back. */
  send(text: string, permissions: Permissions): void {
    const uuid = createUuid()
    const message = { type: 'user' as const, uuid, message: { role: 'user' as const, content: text } }
    this.#batch.add({ type: 'sending', uuid, text, message })
    this.#batch.flush()
    this.#ready(text, permissions)
      .then((session) => session.send(message))
      .catch((error: unknown) => {
        this.#batch.add({ type: 'unsent', uuid })
        this.report(error)
      })
  }

  interrupt(): void {
    this.#session?.interrupt().catch((error: unknown) => this.report(error))
  }

  /** Takes a prompt back that waits. */
  cancel(uuid: string): void {
    this.#session?.cancel(uuid).catch((error: unknown) => this.report(error))
  }

  /** Answers an ask, or declines it for a reason. Rejects when the answer cannot be taken. */
  async answer(ask: string, answer: { result: AskResult } | { reason: string }): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    try {
      if ('result' in answer) await session.answer(ask, answer.result)
      else await session.decline(ask, answer.reason)
    } catch (error) {
      // Somebody was quicker: the card says who, as soon as its event is here.
      if (!(error instanceof AgentServerError && error.code === 'already_settled')) throw error
    }
  }

  /** Says something in the name of this page. */
  notice(text: string): void {
    this.#batch.add({ type: 'notice', text })
  }

  /** Shows an error. */
  report(error: unknown): void {
    const { message, hint, code } = error as Partial<AgentServerError>
    this.#batch.add({ type: 'error', error: { error: message ?? String(error), code, hint } })
  }

  async #ready(text: string, permissions: Permissions): Promise<Session> {
    if (this.#session !== undefined) return this.#session
    this.#creating ??= this.#create(text, permissions)
    try {
      return await this.#creating
    } catch (error) {
      this.#creating = undefined
      throw error
    }
  }

  async #create(text: string, permissions: Permissions): Promise<Session> {
    const { server, onCreated } = this.#parts
    const session = await server.createSession({
      title: text.trim().replaceAll(/\s+/g, ' ').slice(0, TITLE_LENGTH),
      options: {
        includePartialMessages: true,
        ...(permissions === 'ask' ? { permissionMode: 'default' } : {}),
      },
    })
    this.#session = session
    onCreated(session.id)
    return session
  }

  async #read(session: Session, after: Cursor | undefined): Promise<void> {
    const stream = session.events({ after })
    this.#stream = stream
    try {
      for await (const event of stream) {
        if (this.#stream !== stream) return
        this.#hear(event, stream.cursor?.log)
      }
    } catch (error) {
      // What ends the line is told as its state.
      if (this.#stream === stream && session.state.status !== 'closed') this.report(error)
    }
  }

  #hear(event: ClientEvent, log: string | undefined): void {
    if (this.#log !== undefined && log !== this.#log) this.#batch.add({ type: 'replaced' })
    this.#log = log
    this.#batch.add({ type: 'event', event })
    const isResult = event.type === 'sdk_message' && event.data.type === 'result'
    if (isResult || ['caught_up', 'prompt_ended', 'session_updated'].includes(event.type)) this.#askSoon()
  }

  #follow(state: ConnectionState): void {
    const isConnected = state.status === 'connected'
    if (this.#wasConnected && !isConnected) this.#batch.add({ type: 'disconnected' })
    this.#wasConnected = isConnected
    this.#parts.onState(state)
  }

  #askSoon(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#ask(), SOON_MS)
  }

  /** Asks how the session is: its title, its usage, and what its kept history does not tell. */
  async #ask(): Promise<void> {
    const info = await this.#session?.info().catch(() => undefined)
    if (info === undefined || this.#stream === undefined) return
    this.#info = info
    const { seq, log } = this.#stream.cursor ?? {}
    if (info.log === log && info.lastSeq === seq) this.#batch.add({ type: 'known', info })
    this.#parts.onChange()
  }

  #apply(happenings: Happening[]): void {
    this.#transcript = happenings.reduce(reduce, this.#transcript)
    this.#parts.onChange()
  }
}
