import type { CreateSessionRequest, EventPage, MessageAccepted, SessionInfo } from '@claude-agent/protocol'
import { ask, type Ask } from '../../../support/http.ts'
import type { TestServer } from '../../../support/server.ts'
import type { World } from '../../../support/test.ts'
import { until } from '../../../support/until.ts'
import { EventStream } from './event-stream.ts'
import type { Frame } from './frame.ts'
import { Listener } from './listener.ts'

/** What an HTTP request was answered. */
export interface Reply<T> {
  status: number
  json: T & { code?: string; error?: string; hint?: string; retryAfterMs?: number }
  text: string
}

/** A page whose events are looked at as frames are. */
export type Page = Omit<EventPage, 'events'> & { events: Frame[] }

/** A session of a server, by the requests that a user would make. */
export class SessionUnderTest {
  readonly id: string
  readonly #world: World
  #server: TestServer

  constructor(world: World, server: TestServer, id: string) {
    this.#world = world
    this.#server = server
    this.id = id
  }

  /** The same session on the next start of its server. */
  on(server: TestServer): SessionUnderTest {
    return new SessionUnderTest(this.#world, server, this.id)
  }

  async request<T>(path: string, { headers, ...rest }: Ask = {}): Promise<Reply<T>> {
    const { url, token } = this.#server
    const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const { status, text } = await ask(`${url}/sessions/${this.id}${path}`, {
      ...rest,
      headers: { ...bearer, ...headers },
    })
    return { status, text, json: (text === '' ? {} : JSON.parse(text)) as Reply<T>['json'] }
  }

  async info(): Promise<SessionInfo> {
    return (await this.request<SessionInfo>('')).json
  }

  /** Sends a prompt over HTTP. */
  async prompt(text: string, fields: object = {}): Promise<Reply<MessageAccepted>> {
    const data = { type: 'user', message: { role: 'user', content: text }, ...fields }
    return await this.request('/messages', { method: 'POST', body: { data } })
  }

  async page(query = ''): Promise<Page> {
    return (await this.request<Page>(`/events${query}`)).json
  }

  /** All events, page by page. */
  async pages(after = 0, limit = 1000): Promise<Frame[]> {
    const events: Frame[] = []
    for (;;) {
      const page = await this.page(`?after=${events.at(-1)?.seq ?? after}&limit=${limit}`)
      if (page.events.length === 0) return events
      events.push(...page.events)
    }
  }

  /** A client on the session's socket. */
  listen(query = ''): Listener {
    const { url, token } = this.#server
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const listener = new Listener(`${url.replace(/^http/, 'ws')}/sessions/${this.id}/ws${query}`, headers)
    this.#world.defer(() => listener.terminate())
    return listener
  }

  /** A reader of the session's stream. */
  stream(query = '', lastEventId?: string): EventStream {
    const stream = new EventStream(`${this.#server.url}/sessions/${this.id}/events${query}`, lastEventId)
    this.#world.defer(() => stream.terminate())
    return stream
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(timeoutMs?: number): Promise<SessionInfo> {
    return await until(
      'the session is idle',
      async () => {
        const info = await this.info()
        return info.status === 'idle' && info.queuedPrompts === 0 && info
      },
      timeoutMs,
    )
  }
}

/** Creates a session on a server. */
export async function createSession(
  world: World,
  server: TestServer,
  request: CreateSessionRequest = {},
): Promise<SessionUnderTest> {
  const { token } = server
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const { status, text } = await ask(`${server.url}/sessions`, { method: 'POST', headers, body: request })
  if (status !== 201) throw new Error(`The session was not created: ${status} ${text}`)
  return new SessionUnderTest(world, server, (JSON.parse(text) as SessionInfo).id)
}
