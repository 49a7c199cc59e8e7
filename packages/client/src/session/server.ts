import type { CreateSessionRequest, Health, SessionInfo, SessionList } from '@claude-agent/protocol'
import { type Locate, parseEndpoint } from '../endpoint.ts'
import { call, type JsonRequest } from '../http.ts'
import { isUnreached, LinkedAbort, persist } from '../patience.ts'
import { encodeOptions } from '../query-options.ts'
import type { CallOptions } from '../types.ts'
import { locateSandbox } from '../sandbox/endpoint.ts'
import { randomUuid } from '../uuid.ts'
import { type Limits, LIMITS } from './limits.ts'
import { Session } from './session.ts'
import type { ListSessionsOptions, ServerAddress, ServerOptions } from './types.ts'

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
  listSessions({ after, limit, signal }: ListSessionsOptions = {}): Promise<SessionList> {
    return this.#call({
      method: 'GET',
      path: '/sessions',
      params: { after, limit: limit?.toString() },
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
