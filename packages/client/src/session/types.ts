import type { ElicitationRequest, ElicitationResult } from '@anthropic-ai/claude-agent-sdk'
import type { PermissionResult, UserDialogRequest, UserDialogResult } from '@anthropic-ai/claude-agent-sdk'
import type { Sandbox } from '@claude-agent/sandbox'
import type {
  AskEvent,
  AskKind,
  CanUseToolData,
  CaughtUp,
  Cursor,
  Gap,
  SessionEvent,
  UserMessageInput,
} from '@claude-agent/protocol'
import type { CallOptions, ConnectionState } from '../types.ts'

/** A server, by its address or by the sandbox that it runs in, and how this client behaves. */
export type ServerOptions = (ServerAddress | ServerSandbox) & ServerBehaviour

export interface ServerAddress {
  /** Address of the server: http, https, ws or wss, with a path prefix where a proxy needs one. */
  url: string
  /** The server's `CLAUDE_AGENT_TOKEN`. */
  token?: string | undefined
  /** What every request and every WebSocket has to carry for whoever stands before the server. Browsers cannot. */
  headers?: Record<string, string> | undefined
  sandbox?: undefined
}

interface ServerSandbox {
  /** A sandbox that a provider made or came back to. Its address is asked for each time; its life is up to its owner. */
  sandbox: Sandbox
  url?: undefined
}

interface ServerBehaviour {
  /** The name by which others are told who answered an ask. @default a random one */
  client?: string | undefined
  /** How long one attempt to connect may take, in milliseconds. @default 15000 */
  connectTimeoutMs?: number | undefined
  /** How long the answer to a request may take, in milliseconds; large bodies get more. @default 30000 */
  requestTimeoutMs?: number | undefined
  /** Characters of events that may wait in memory for one slow iterator; the rest stays on the server. @default 4194304 */
  bufferChars?: number | undefined
}

/** A prompt: its text, its content blocks, or the SDK's whole message. */
export type Prompt = string | { content: UserMessageInput['message']['content'] } | UserMessageInput

export interface SendOptions extends CallOptions {
  /** Sent again with the same uuid, a prompt is acknowledged again and not taken twice. @default a random one */
  uuid?: string | undefined
  /** `now` and `next` put it into the turn that runs, if one does. @default a turn of its own */
  priority?: 'now' | 'next' | 'later' | undefined
}

export interface ExportOptions extends CallOptions {
  /** The last event that the archive has: the end of a turn. @default the last one */
  at?: number | undefined
}

export interface ImportOptions extends CallOptions {
  /** The id of the session here. @default as in the archive */
  id?: string | undefined
}

export interface ListTranscriptsOptions extends CallOptions {
  /** `next` of the page before. */
  after?: string | undefined
  /** Entries per page. @default the server's */
  limit?: number | undefined
}

export interface ListSessionsOptions extends CallOptions {
  /** Only sessions that have, or had, this conversation of the SDK. */
  sdkSessionId?: string | undefined
  /** `next` of the page before. */
  after?: string | undefined
  /** Sessions per page. @default the server's */
  limit?: number | undefined
}

export interface EventsOptions extends CallOptions {
  /**
   * Begins after this event: a `cursor` that was kept, or its text `<log>:<seq>`. `'latest'`: with what happens from this
   * call on.
   * @default from the first event that the server has
   */
  after?: Cursor | string | null | undefined
  /** Partial messages too: live only, without `seq`. @default true */
  partials?: boolean | undefined
}

/** What the data and the answer of each kind of ask are. */
export interface AskTypes {
  can_use_tool: { data: CanUseToolData; result: PermissionResult }
  elicitation: { data: ElicitationRequest; result: ElicitationResult }
  dialog: { data: UserDialogRequest; result: UserDialogResult }
}

/** An ask as an event: `kind` tells what `data` is and what answers it. */
export type Ask = {
  [K in AskKind]: Omit<AskEvent, 'kind' | 'data'> & {
    kind: K
    data: AskTypes[K]['data']
    seq: number
    /** Milliseconds since 1970. */
    at: number
  }
}[AskKind]

/** What an iterator gives: events, and where it stands. */
export type ClientEvent = Exclude<SessionEvent, AskEvent> | Ask | CaughtUp | Gap

/** The events of a session, in order, each once. To stop: `break`, `return()`, or the signal. */
export interface EventStream extends AsyncIterableIterator<ClientEvent, void, void> {
  /** The place of the last event that it gave; keep it and give it back as `after`. */
  readonly cursor: Cursor | undefined
  return(): Promise<IteratorResult<ClientEvent, void>>
}

/** What `on()` takes, and what its handlers are given. */
export type SessionHandlers = {
  [K in ClientEvent['type']]: Extract<ClientEvent, { type: K }>
} & { state: ConnectionState }
