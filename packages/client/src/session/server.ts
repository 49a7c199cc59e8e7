import type {
  CreateSessionRequest,
  Health,
  SessionInfo,
  SessionList,
  TranscriptInfo,
  TranscriptList,
  TranscriptMessage,
  TranscriptPage,
} from '@claude-agent/protocol'
import { type Locate, parseEndpoint } from '../endpoint.ts'
import type { Options, Query } from '@anthropic-ai/claude-agent-sdk'
import { call, type JsonRequest } from '../http.ts'
import { isUnreached, LinkedAbort, persist } from '../patience.ts'
import { encodeOptions } from '../query-options.ts'
import type { CallOptions } from '../types.ts'
import { locateSandbox } from '../sandbox/endpoint.ts'
import { identifyQuery } from '../query/identity.ts'
import { planQuery } from '../query/plan.ts'
import type { Prompt } from '../query/prompts.ts'
import { RemoteQuery } from '../query/remote-query.ts'
import { randomUuid } from '../uuid.ts'
import { type CopyMeans, importSession, readTranscripts } from './copies.ts'
import { type Limits, LIMITS } from './limits.ts'
import { Session } from './session.ts'
import type {
  ImportOptions,
  ListSessionsOptions,
  ListTranscriptsOptions,
  ServerAddress,
  ServerOptions,
} from './types.ts'

/** What `AgentServer.query()` takes. */
export interface QueryRequest {
  prompt: Prompt
  options?: Options | undefined
  /** @default a session of its own, or the one of `resume` or `continue` */
  session?: string | undefined
}

/** A claude-agent-server and its sessions. It holds no connection: each session has its own while somebody listens. */
export class AgentServer {
  readonly #locate: Locate
  readonly #client: string
  readonly #limits: Limits

  /**
   * Connects to nothing.
   * @param limits other limits of time and memory, for tests.
   * @throws AgentServerError `invalid_setting` when `url` or `token` cannot be used as they are.
   */
  constructor(options: ServerOptions, limits: Partial<Limits> = {}) {
    this.#locate = locator(options)
    this.#client = options.client ?? `client-${randomUuid().slice(0, 8)}`
    this.#limits = {
      ...LIMITS,
      attemptMs: options.connectTimeoutMs ?? LIMITS.attemptMs,
      requestMs: options.requestTimeoutMs ?? LIMITS.requestMs,
      bufferChars: options.bufferChars ?? LIMITS.bufferChars,
      ...limits,
    }
  }

  /** What the server says of itself; it needs no token for that. */
  health(options: CallOptions = {}): Promise<Health> {
    return this.#call({ method: 'GET', path: '/health', ...options })
  }

  /**
   * Makes a session. Without an `id` one is drawn here, so that an attempt whose answer was lost can be repeated and
   * never makes two. While the server cannot be reached it is tried for 30 s.
   * @throws AgentServerError `session_conflict` when `id` exists with other options; `invalid_config`,
   * `option_refused`, `too_many_sessions`, `connect_failed` and the like.
   */
  async createSession(request: CreateSessionRequest = {}, options: CallOptions = {}): Promise<Session> {
    if (request.options !== undefined) encodeOptions(request.options)
    const id = request.id ?? randomUuid()
    const json = JSON.stringify({ ...request, id })
    const abort = new LinkedAbort(options.signal)
    const { signal } = abort
    try {
      await persist(() => this.#call<SessionInfo>({ method: 'POST', path: '/sessions', json, signal }), {
        signal,
        mayRetry: isUnreached,
        withinMs: this.#limits.createMs,
      })
    } finally {
      abort.release()
    }
    return this.session(id)
  }

  /** A session that exists. Asks the server for nothing; keep it rather than make another one: each has its own line. */
  session(id: string): Session {
    return new Session({ id, locate: this.#locate, client: this.#client, limits: this.#limits })
  }

  /** One page of the sessions, the oldest first. */
  listSessions({ after, limit, sdkSessionId, signal }: ListSessionsOptions = {}): Promise<SessionList> {
    return this.#call({
      method: 'GET',
      path: '/sessions',
      params: { after, limit: limit?.toString(), sdkSessionId },
      signal,
    })
  }

  /** All sessions, the oldest first, page by page. */
  async *sessions(options: ListSessionsOptions = {}): AsyncGenerator<SessionInfo, void, void> {
    let { after } = options
    do {
      const page = await this.listSessions({ ...options, after })
      yield* page.sessions
      after = page.next
    } while (after !== undefined)
  }

  /** The session that has a conversation of the SDK, by the SDK's id of it; undefined when none does. */
  async sessionWith(sdkSessionId: string, options: CallOptions = {}): Promise<Session | undefined> {
    const { sessions } = await this.listSessions({ ...options, sdkSessionId, limit: 1 })
    return sessions[0] && this.session(sessions[0].id)
  }

  /** The session in which something happened last; undefined when there is none. */
  async latestSession(options: CallOptions = {}): Promise<Session | undefined> {
    let latest: SessionInfo | undefined
    for await (const info of this.sessions(options))
      if (latest === undefined || info.updatedAt >= latest.updatedAt) latest = info
    return latest && this.session(latest.id)
  }

  /**
   * Makes a session out of what `export()` of one gave, or a mirror has. In a browser all of it is read into memory first.
   * @throws AgentServerError `invalid_archive`, `session_exists`, `option_refused`, `file_too_large`
   */
  async importSession(
    archive: Blob | ReadableStream<Uint8Array>,
    options: ImportOptions = {},
  ): Promise<Session> {
    return this.session(await importSession(this.#means, archive, options))
  }

  /** The conversations that the SDK knows in the workspace, those of sessions too; the last ones that changed first. */
  async *transcripts(options: ListTranscriptsOptions = {}): AsyncGenerator<TranscriptInfo, void, void> {
    let { after } = options
    do {
      const page = await readTranscripts<TranscriptList>(this.#means, { ...options, after })
      yield* page.transcripts
      after = page.next
    } while (after !== undefined)
  }

  /** What was said in one of them. @throws AgentServerError `transcript_not_found` */
  async *transcript(
    sdkSessionId: string,
    options: ListTranscriptsOptions = {},
  ): AsyncGenerator<TranscriptMessage, void, void> {
    let { after } = options
    do {
      const page = await readTranscripts<TranscriptPage>(this.#means, { ...options, after }, sdkSessionId)
      yield* page.messages
      after = page.next
    } while (after !== undefined)
  }

  /**
   * The SDK's `query()`, of an agent on this server; `session` is the id of one that exists. docs/query.md says what
   * differs.
   * @throws AgentServerError `option_refused`; what the server says comes through the iteration
   */
  query({ prompt, options = {}, session }: QueryRequest): Query {
    return new RemoteQuery({
      server: this,
      plan: planQuery(options),
      prompt,
      partials: options.includePartialMessages === true,
      sessionId: session,
      identify: async (id) => identifyQuery(id, (await this.#locate()).token),
    })
  }

  get #means(): CopyMeans {
    return { locate: this.#locate, limits: this.#limits }
  }

  async #call<T>(request: Omit<JsonRequest, 'timeoutMs'>): Promise<T> {
    return await call<T>(await this.#locate(), { ...request, timeoutMs: this.#limits.requestMs })
  }
}

/** How the server is found: where it was said to be, or where its sandbox is at that moment. */
function locator({ sandbox, ...options }: ServerOptions): Locate {
  if (sandbox !== undefined) return () => locateSandbox(sandbox)
  const { url, token, headers } = options as ServerAddress
  const endpoint = parseEndpoint(url, token, 'url', headers)
  return () => endpoint
}

/** A server, of which nothing is asked yet. @throws AgentServerError `invalid_setting` */
export function connect(options: ServerOptions): AgentServer {
  return new AgentServer(options)
}
