import type { Options, SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError } from '@claude-agent/protocol'
import { orAborted } from '../patience.ts'
import type { ClientIdentity, Serving } from '../serving/types.ts'
import type { AgentServer } from '../session/server.ts'
import type { Session } from '../session/session.ts'
import type { EventStream } from '../session/types.ts'
import { AbortError } from './abort-error.ts'
import { Answers } from './answers.ts'
import { Course } from './course.ts'
import { isHere, type QueryPlan } from './plan.ts'
import { openSession, type OpenedSession } from './opening.ts'
import { type Prompt, Prompts } from './prompts.ts'

/** How long the end of a query may take, as the SDK waits for its process. */
const END_MS = 2_000

/** In the words of the SDK. */
const ABORTED = 'Claude Code process aborted by user'

export interface RunParts {
  server: AgentServer
  plan: QueryPlan
  prompt: Prompt
  partials: boolean
  /** The session that the caller names. */
  sessionId: string | undefined
  /** By what this client shows that it is the same again, after a crash. */
  identify: (sessionId: string) => Promise<ClientIdentity>
}

/** A query under way on its session. */
interface Opened extends OpenedSession {
  stream: EventStream
}

/** One query from its opening to its end: begins by itself, whether or not anybody iterates. */
export class Run {
  readonly #parts: RunParts
  readonly #prompts: Prompts
  readonly #stop = new AbortController()
  readonly #opened: Promise<Opened>
  readonly #onAbort = (): void => void this.end(new AbortError(ABORTED))
  #course: Course | undefined
  #answers: Answers | undefined
  #serving: Serving | undefined
  #servers: QueryPlan['servers']
  #fault: Error | undefined
  #ended: Promise<void> | undefined

  constructor(parts: RunParts) {
    this.#parts = parts
    this.#servers = parts.plan.servers
    this.#prompts = new Prompts(() => this.#rest())
    const { signal } = parts.plan.abortController
    signal.addEventListener('abort', this.#onAbort)
    this.#opened = this.#open()
    this.#opened.catch((error: Error) => void this.end(error))
    if (signal.aborted) this.#onAbort()
  }

  /** The session, once it is there. @throws AgentServerError why there is none, `not_connected` after the end */
  async session(): Promise<Session> {
    return (await orAborted(this.#opened, this.#stop.signal)).session
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get prompts(): Prompts {
    return this.#prompts
  }

  /** The messages of the query, in order; what ends it badly is thrown. */
  async *messages(): AsyncGenerator<SDKMessage, void> {
    try {
      const { stream, renew } = await orAborted(this.#opened, this.#stop.signal)
      let timer: ReturnType<typeof setTimeout> | undefined
      for await (const event of stream) {
        clearTimeout(timer)
        if (event.type === 'status' && event.status === 'credentials_required') await renew()
        const message = this.#course!.hear(event)
        if (message !== undefined) yield message
        timer = this.#rest()
      }
      clearTimeout(timer)
      if (!this.#stop.signal.aborted) this.#fault ??= this.#course?.fault
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#fault = error as Error
    } finally {
      await this.end()
    }
    if (this.#fault !== undefined) throw this.#fault
  }

  /** Hands in more. Resolves when all of it is accepted. */
  async say(prompt: Prompt): Promise<void> {
    const done = this.#prompts.expect()
    try {
      const opened = await orAborted(this.#opened, this.#stop.signal)
      await this.#prompts.feed(opened, prompt, this.#stop.signal)
    } finally {
      done()
    }
  }

  /** Sets which MCP servers of this process are served. */
  async serve(servers: NonNullable<Options['mcpServers']>): Promise<void> {
    const own = Object.entries(servers).filter(([, server]) => isHere(server))
    const wasEmpty = Object.keys(this.#servers).length === 0
    this.#servers = Object.fromEntries(own) as QueryPlan['servers']
    if (!wasEmpty || own.length > 0) await this.#serve(await this.session())
  }

  /**
   * Ends the query: its turn is stopped, its process given back, and nobody is served any more. The session stays.
   * Resolves when that is done, or takes too long.
   */
  end(fault?: Error): Promise<void> {
    if (this.#ended === undefined) {
      this.#fault ??= fault
      this.#parts.plan.abortController.signal.removeEventListener('abort', this.#onAbort)
      this.#stop.abort(closed())
      const ending = this.#finish().catch(() => {})
      this.#ended = Promise.race([ending, new Promise<void>((resolve) => setTimeout(resolve, END_MS))])
    }
    return this.#ended
  }

  async #open(): Promise<Opened> {
    const { server, plan, sessionId, partials } = this.#parts
    const { signal } = this.#stop
    const done = this.#prompts.expect()
    const opened = await openSession(server, plan, sessionId, signal)
    const { session, after, defers } = opened
    try {
      if (plan.hooks !== undefined || Object.keys(plan.servers).length > 0) await this.#serve(session)
      signal.throwIfAborted()
      this.#course = new Course(this.#prompts, { partials, defers })
      const stream = session.events({ after, signal })
      this.#answers = new Answers(session, plan.callbacks)
      const { stderr } = plan
      if (stderr !== undefined) session.on('info', ({ data }) => stderr(data))
      void this.#feed(opened, done)
      return { ...opened, stream }
    } catch (error) {
      void session.close()
      throw error
    }
  }

  /** Hands in the prompt. The SDK takes an iterable that throws for an abort. */
  async #feed(opened: OpenedSession, done: () => void): Promise<void> {
    const { prompt } = this.#parts
    try {
      await this.#prompts.feed(opened, prompt, this.#stop.signal)
      done()
    } catch (cause) {
      const isOurs = typeof prompt === 'string' || cause instanceof AgentServerError
      await this.end(isOurs ? (cause as Error) : new AbortError(ABORTED, { cause }))
    }
  }

  async #serve(session: Session): Promise<void> {
    const { hooks } = this.#parts.plan
    const before = this.#serving
    const client = before?.client ?? (await this.#parts.identify(session.id))
    // Its servers can be connected to one at a time.
    before?.detach()
    const serving = await session.serve({
      client,
      ...(hooks === undefined ? {} : { hooks }),
      mcpServers: this.#servers,
    })
    this.#serving = serving
    void serving.ended.then((error) => {
      if (error !== undefined && this.#serving === serving) void this.end(error)
    })
  }

  /** Ends the iteration when the query is over, or comes back to that later. */
  #rest(): ReturnType<typeof setTimeout> | undefined {
    const restMs = this.#course?.restMs
    if (restMs === undefined) return undefined
    const leave = (): void => void this.#opened.then(({ stream }) => stream.return()).catch(() => {})
    if (restMs > 0) return setTimeout(leave, restMs)
    leave()
    return undefined
  }

  async #finish(): Promise<void> {
    const { session, isOurs } = await this.#opened
    await this.#stopPrompts(session)
    if (isOurs) await this.#release(session)
    this.#answers?.close()
    const serving = this.#serving
    this.#serving = undefined
    await serving?.close()
    await session.close()
  }

  /** From the last to the first, so that none begins meanwhile; the one that runs cannot be taken back. */
  async #stopPrompts(session: Session): Promise<void> {
    for (const uuid of this.#prompts.open.reverse()) {
      const error = await session.cancel(uuid).then(
        () => undefined,
        (failure: unknown) => failure,
      )
      const isRunning = error instanceof AgentServerError && error.code === 'prompt_not_waiting'
      if (isRunning) await session.interrupt()
    }
  }

  /** Gives the process back, and waits for it to go, as the SDK does. */
  async #release(session: Session): Promise<void> {
    let gone = (): void => {}
    const exited = new Promise<void>((resolve) => (gone = resolve))
    const end = session.on('agent_exited', () => gone())
    const { hadAgent } = await session.release()
    if (hadAgent) await exited
    end()
  }
}

function closed(): AgentServerError {
  return new AgentServerError({
    code: 'not_connected',
    message: 'Query closed before response received',
    hint: 'The query has ended; its session goes on with `resume`.',
  })
}
