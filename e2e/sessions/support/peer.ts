import { randomUUID } from 'node:crypto'
import type {
  AnswerAccepted,
  CreateSessionRequest,
  ErrorBody,
  LoggedEvent,
  MessageAccepted,
  OpenAsk,
  PromptOutcome,
  SessionDown,
  SessionInfo,
  SessionList,
} from '@claude-agent/protocol'
import { WebSocket } from 'ws'
import { ask as request, type Answer } from '../../support/http.ts'
import type { TestServer } from '../../support/server.ts'
import type { World } from '../../support/test.ts'
import { until } from '../../support/until.ts'

/** What the tests look at in an answer; which of it is there depends on the request. */
type Body = SessionInfo & SessionList & MessageAccepted & AnswerAccepted & ErrorBody

type Of<Type extends LoggedEvent['type']> = Extract<LoggedEvent, { type: Type }>

/** One HTTP request. */
export async function http(
  server: Pick<TestServer, 'url'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer & { body: Body }> {
  const answer = await request(`${server.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body,
  })
  return { ...answer, body: answer.json as unknown as Body }
}

/** A client of one session: raw HTTP and a raw socket, with all that came on it. */
export class Peer {
  readonly id: string
  readonly frames: SessionDown[] = []
  readonly #server: TestServer
  readonly #socket: WebSocket
  #closed: number | undefined

  private constructor(server: TestServer, id: string, name: string, after: string) {
    this.#server = server
    this.id = id
    const url = `${server.url.replace(/^http/, 'ws')}/sessions/${id}/ws?client=${name}&after=${after}`
    this.#socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0 })
    this.#socket.on('error', () => {})
    this.#socket.on('close', (code) => (this.#closed = code))
    this.#socket.on('message', (data) =>
      this.frames.push(JSON.parse((data as Buffer).toString('utf8')) as SessionDown),
    )
  }

  /** Creates a session and attaches to it. */
  static async create(world: World, server: TestServer, session: CreateSessionRequest = {}): Promise<Peer> {
    const { status, text, body } = await http(server, 'POST', '/sessions', session)
    if (status !== 201) throw new Error(`The session was not created: ${text}`)
    return await Peer.attach(world, server, body.id)
  }

  /** Attaches to a session, from its first event on; resolves once it is greeted. */
  static async attach(
    world: World,
    server: TestServer,
    id: string,
    { name = 'ada', after = '0' } = {},
  ): Promise<Peer> {
    const peer = new Peer(server, id, name, after)
    world.defer(() => peer.leave())
    // Greeted, and told all that was before.
    const hasAll = (): boolean => peer.frames.some(({ type }) => type === 'caught_up')
    await until(`${name} has caught up`, () => hasAll() || peer.#closed !== undefined)
    return peer
  }

  /** The first frame. */
  get greeting(): Extract<SessionDown, { type: 'connected' }> {
    return this.frames[0] as Extract<SessionDown, { type: 'connected' }>
  }

  /** The code by which the server closed, once it has. */
  get closed(): number | undefined {
    return this.#closed
  }

  get events(): LoggedEvent[] {
    return this.frames.filter((frame): frame is LoggedEvent => 'at' in frame)
  }

  /** The events of a type so far. */
  of<Type extends LoggedEvent['type']>(type: Type): Of<Type>[] {
    return this.events.filter((event): event is Of<Type> => event.type === type)
  }

  /** The statuses so far, in order. */
  get statuses(): string[] {
    return this.of('status').map(({ status, position }) =>
      position === undefined ? status : `${status} ${position}`,
    )
  }

  /** The results of turns so far: what they said, or how they failed. */
  get results(): string[] {
    return this.of('sdk_message').flatMap(({ data }) =>
      data.type === 'result' ? (data.subtype === 'success' ? data.result : data.subtype) : [],
    )
  }

  /** Sends a frame with an id, and gives what answers it. */
  async call<Result>(frame: object): Promise<Result> {
    const id = randomUUID()
    this.#socket.send(JSON.stringify({ ...frame, id }))
    const answer = await until(`an answer to ${JSON.stringify(frame).slice(0, 100)}`, () =>
      this.frames.find((one) => 'id' in one && one.id === id),
    )
    return (answer.type === 'reply' ? answer.result : answer) as Result
  }

  /** Sends a prompt; gives its uuid once it is acknowledged. */
  async send(content: string, fields: object = {}): Promise<string> {
    const data = { type: 'user', uuid: randomUUID(), message: { role: 'user', content }, ...fields }
    const { uuid } = await this.call<MessageAccepted>({ type: 'user_message', data })
    if (uuid === undefined) throw new Error(`Not acknowledged: ${JSON.stringify(this.frames.at(-1))}`)
    return uuid
  }

  /** How a prompt ended, once it has; fails when that is told twice. */
  async ended(uuid: string, timeoutMs?: number): Promise<PromptOutcome> {
    const ends = (): Of<'prompt_ended'>[] => this.of('prompt_ended').filter((event) => event.uuid === uuid)
    await until('the prompt ends', () => ends().length > 0, timeoutMs)
    if (ends().length > 1) throw new Error(`It ended twice: ${JSON.stringify(ends())}`)
    return ends()[0]!.outcome
  }

  /** Runs a prompt to its end. */
  async run(content: string, fields: object = {}): Promise<PromptOutcome> {
    return await this.ended(await this.send(content, fields))
  }

  /** Resolves once an event fits that has no lower place than `from`. */
  async event<Type extends LoggedEvent['type']>(
    type: Type,
    fits: (event: Of<Type>) => boolean = () => true,
    timeoutMs?: number,
  ): Promise<Of<Type>> {
    return await until(`an event ${type}`, () => this.of(type).find(fits), timeoutMs)
  }

  /** The ask that is open, once there is one. */
  async openAsk(): Promise<OpenAsk> {
    return await until('an ask is open', async () => (await this.info()).asks[0])
  }

  async answer(ask: string, result: unknown): Promise<Record<string, unknown>> {
    return await this.call({ type: 'answer', ask, result })
  }

  async info(): Promise<SessionInfo> {
    return (await this.http('GET')).body
  }

  /** Resolves once the session says that it is so. */
  async status(status: SessionInfo['status'], timeoutMs?: number): Promise<SessionInfo> {
    return await until(
      `the session is ${status}`,
      async () => {
        const info = await this.info()
        return info.status === status && info
      },
      timeoutMs,
    )
  }

  async http(method: string, path = '', body?: unknown): Promise<Answer & { body: Body }> {
    return await http(this.#server, method, `/sessions/${this.id}${path}`, body)
  }

  interrupt(): void {
    this.#socket.send(JSON.stringify({ type: 'interrupt' }))
  }

  leave(): void {
    this.#socket.terminate()
  }
}
