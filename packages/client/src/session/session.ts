import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import {
  AgentServerError,
  type AnswerAccepted,
  type AnswerRequest,
  type AskKind,
  type AskResult,
  type CallArguments,
  type CallMethod,
  type CallResult,
  type Cursor,
  type ForkRequest,
  type MessageAccepted,
  type MessageCancelled,
  type ProcessReleased,
  type SessionInfo,
  type SessionUpdate,
} from '@claude-agent/protocol'
import type { Locate } from '../endpoint.ts'
import { LinkedAbort, orAborted } from '../patience.ts'
import { encodeOptions } from '../query-options.ts'
import type { CallOptions, ConnectionState } from '../types.ts'
import { exportSession, forkSession } from './copies.ts'
import { serve } from '../serving/serve.ts'
import type { ServeOptions, Serving } from '../serving/types.ts'
import type { Limits } from './limits.ts'
import { type Place, readPlace } from './place.ts'
import { encodePrompt, PromptWatch } from './prompt.ts'
import { Reader, type ReaderOptions } from './reader.ts'
import { type Request, Requests } from './requests.ts'
import { SessionLine } from './session-line.ts'
import type {
  AskTypes,
  EventsOptions,
  EventStream,
  ExportOptions,
  Prompt,
  SendOptions,
  SessionHandlers,
} from './types.ts'

export interface SessionParts {
  id: string
  locate: Locate
  client: string
  limits: Limits
}

/** One session on a server. It lives there whether or not this client, or any, looks at it. */
export class Session {
  readonly id: string
  readonly #parts: SessionParts
  readonly #client: string
  readonly #path: string
  readonly #line: SessionLine
  readonly #requests: Requests
  readonly #readers = new Set<Reader>()
  readonly #ongoing = new Set<AbortController>()
  #lastCursor: Cursor | undefined
  #sending: Promise<unknown> = Promise.resolve()

  /** Asks for nothing. `AgentServer.session()` makes it. */
  constructor(parts: SessionParts) {
    this.id = parts.id
    this.#parts = parts
    this.#client = parts.client
    this.#path = `/sessions/${encodeURIComponent(parts.id)}`
    this.#line = new SessionLine({ ...parts, path: this.#path })
    this.#requests = new Requests({ ...parts, line: this.#line })
  }

  /** Where the shared line is in its life: `closed` while nobody listens, with `error` when there is no hope in it. */
  get state(): ConnectionState {
    return this.#line.line.state
  }

  /**
   * The place of the last event that `events()` gave, of the iterator that is furthest behind where there are several;
   * without an iterator ever, of the last that was handed to handlers. Keep it, and give it back as `after`.
   */
  get cursor(): Cursor | undefined {
    const cursors = [...this.#readers].flatMap(({ cursor }) => cursor ?? [])
    const behind = cursors.sort((a, b) => a.seq - b.seq)[0]
    return behind ?? this.#lastCursor ?? this.#line.cursor
  }

  /** @throws AgentServerError `session_not_found`, `session_deleted` */
  info(options: CallOptions = {}): Promise<SessionInfo> {
    return this.#requests.call({ method: 'GET', path: this.#path, ...options })
  }

  /** Sets what is given; `options` replaces the options as a whole. */
  update(update: SessionUpdate, options: CallOptions = {}): Promise<SessionInfo> {
    if (update.options !== undefined) encodeOptions(update.options)
    return this.#requests.call({
      method: 'PATCH',
      path: this.#path,
      json: JSON.stringify(update),
      ...options,
    })
  }

  /** Ends the agent and removes the session with its history, for good. */
  async delete(options: CallOptions = {}): Promise<void> {
    await this.#requests.call({ method: 'DELETE', path: this.#path, ...options })
  }

  /**
   * A session that goes on from here by itself: with the events up to the end of a turn, and what the agent remembers of
   * them. Files of the workspace are the same for both.
   * @throws AgentServerError `no_turn_end`, `history_lost`, `session_exists`, `too_many_sessions`
   */
  async fork(request: ForkRequest = {}, options: CallOptions = {}): Promise<Session> {
    const id = await this.#during(options.signal, (signal) =>
      forkSession(this.#parts, this.#path, request, signal),
    )
    return new Session({ ...this.#parts, id })
  }

  /**
   * The session as one file, for `importSession()` of another server: its events and what the agent remembers up to the
   * end of a turn, `at` or the last one; without secrets. It comes as it is read, and fails where the line does.
   * @throws AgentServerError `no_turn_end`, `history_lost`
   */
  export(options: ExportOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return exportSession(this.#parts, this.#path, options)
  }

  /**
   * Sends a prompt; resolves when it is accepted: durable, and never twice in the conversation. While the server is away
   * it is tried again, with the same uuid, until it is there or `signal` fires. Prompts are accepted in the order of the calls.
   * @throws AgentServerError `uuid_conflict`, `budget_reached`, `credentials_required`, `session_not_found` and the like.
   * When `signal` fires it rejects with its reason, and the prompt may or may not have been accepted.
   */
  send(prompt: Prompt, options: SendOptions = {}): Promise<MessageAccepted> {
    return this.#during(options.signal, async (signal) => {
      const data = encodePrompt(prompt, options)
      const request: Request = {
        method: 'POST',
        path: `${this.#path}/messages`,
        json: JSON.stringify({ data }),
        frame: { type: 'user_message', data },
      }
      const before = this.#sending
      const sent = orAborted(before, signal).then(() =>
        this.#requests.persist<MessageAccepted>(request, signal),
      )
      this.#sending = Promise.allSettled([before, sent])
      return sent
    })
  }

  /**
   * Sends a prompt and waits for the SDK's result of it. That may say that the turn failed: look at its `subtype`.
   * `signal` ends the waiting; the turn goes on (`interrupt()` stops it).
   * @throws PromptError when the prompt was interrupted, cancelled or could not be run: see its `outcome`; as `send`.
   */
  prompt(prompt: Prompt, options: SendOptions = {}): Promise<SDKResultMessage> {
    return this.#during(options.signal, async (signal) => {
      const accepted = await this.send(prompt, { ...options, signal })
      const watch = new PromptWatch(accepted)
      const after = { seq: accepted.seq - 1 }
      for await (const event of this.#read({ after, partials: false, signal })) {
        const result = watch.hear(event)
        if (result !== undefined) return result
      }
      signal.throwIfAborted()
      throw closedHere()
    })
  }

  /**
   * The events of the session: what was and what happens, across drops of the line, each once and in order; from a
   * cursor on, from the start, or from now. `caught_up` tells that the past is over, `gap` that events are not there any
   * more, for one because the log is another one. Partial messages have no `seq`; those that were said before the reader
   * came are `replayed`, and together replace what it has of the message that is being streamed.
   *
   * The iteration ends after `return()`, the signal or `close()`. It throws an AgentServerError when there is no hope in
   * reconnecting: `unauthorized`, `session_not_found`, `session_deleted` and the like.
   */
  events({ after, partials = true, signal }: EventsOptions = {}): EventStream {
    const reader = this.#read({ after: readPlace(after), partials, signal }, () => {
      this.#readers.delete(reader)
      this.#lastCursor = reader.cursor ?? this.#lastCursor
    })
    this.#readers.add(reader)
    return reader
  }

  /**
   * Calls the handler with each event of a type that happens from now on; `ask` also with the asks that are open now,
   * `state` with each state of the line. All but `state` keep the line open until the function that comes back is called.
   * What a handler throws, or its promise rejects with, is reported on `console.error` and harms nobody.
   */
  on<K extends keyof SessionHandlers>(type: K, handler: (event: SessionHandlers[K]) => unknown): () => void {
    if (type === 'state') return this.#line.line.states.add(handler as (state: ConnectionState) => void)
    return this.#line.on(type, handler)
  }

  /**
   * Answers an ask with what the SDK's callback would return; tried again while the server is away.
   * @throws AgentServerError `already_settled`, `invalid_answer`, `ask_not_found`
   */
  answer<K extends AskKind>(
    ask: { ask: string; kind: K },
    result: AskTypes[K]['result'],
    options?: CallOptions,
  ): Promise<AnswerAccepted>
  answer(ask: string, result: AskResult, options?: CallOptions): Promise<AnswerAccepted>
  answer(ask: string | { ask: string }, result: AskResult, options: CallOptions = {}) {
    return this.#answer(ask, { result }, options)
  }

  /** Declines an ask, with the reason that the model reads. Errors as `answer`. */
  decline(ask: string | { ask: string }, reason: string, options: CallOptions = {}): Promise<AnswerAccepted> {
    return this.#answer(ask, { error: reason }, options)
  }

  /** Stops the running turn; the session goes on with what waits. Not tried again: it could stop a later turn. */
  async interrupt(options: CallOptions = {}): Promise<void> {
    const request = { method: 'POST', path: `${this.#path}/interrupt` } as const
    await this.#during(options.signal, (signal) =>
      this.#requests.deliver({ ...request, frame: { type: 'interrupt' } }, signal),
    )
  }

  /** Takes a prompt back that waits. @throws AgentServerError `prompt_not_waiting`, `prompt_not_found` */
  cancel(uuid: string, options: CallOptions = {}): Promise<MessageCancelled> {
    const request = { method: 'DELETE', path: `${this.#path}/messages/${encodeURIComponent(uuid)}` } as const
    return this.#during(options.signal, (signal) =>
      this.#requests.deliver({ ...request, frame: { type: 'cancel', uuid } }, signal),
    )
  }

  /**
   * Calls a method of the SDK's `Query` on the session's agent, which is started if need be; what it takes and gives is as
   * in the SDK. Not tried again when the connection is lost.
   * @throws AgentServerError `call_refused`, `call_failed`, `question_open`, `invalid_request`
   */
  async call<M extends CallMethod>(method: M, ...args: CallArguments<M>): Promise<CallResult<M>> {
    const given: unknown[] = [...args]
    while (given.length > 0 && given.at(-1) === undefined) given.pop()
    const request = { method: 'POST', path: `${this.#path}/calls` } as const
    const json = JSON.stringify({ method, args: given })
    const frame = { type: 'call', method, args: given } as const
    const result = await this.#during(undefined, (signal) =>
      this.#requests.deliver<CallResult<M> | null>({ ...request, json, frame }, signal),
    )
    // Nothing is null on the wire; this one says by null that there is nothing to read.
    return (method === 'readFile' ? result : (result ?? undefined)) as CallResult<M>
  }

  /**
   * Serves hooks and in-process MCP servers to the session's agent: they run here, through drops of the line, each call
   * once. Resolves once that is durable; the agent has them from its next turn on.
   * @throws AgentServerError `registration_conflict`, `registration_too_large`, `owner_mismatch`, `invalid_message`
   */
  serve(options: ServeOptions): Promise<Serving> {
    return serve(this.#line, this.#client, options)
  }

  /**
   * Gives the process of the agent back once it has nothing more to do; work in the background ends with it. A prompt or a
   * call before that keeps it. `hadAgent`: there is a process, whose end `agent_exited` tells.
   */
  release(options: CallOptions = {}): Promise<ProcessReleased> {
    return this.#requests.call({ method: 'POST', path: `${this.#path}/release`, ...options })
  }

  /**
   * Lets go: iterators end, handlers of events are removed, prompts and answers that wait reject with `not_connected`.
   * Resolves when the socket is closed. The session lives on, and this object can be used again.
   */
  async close(): Promise<void> {
    for (const reader of this.#readers) reader.end()
    for (const abort of this.#ongoing) abort.abort(closedHere())
    await this.#line.close()
  }

  #answer(ask: string | { ask: string }, answer: AnswerRequest, options: CallOptions) {
    const id = typeof ask === 'string' ? ask : ask.ask
    return this.#during(options.signal, (signal) =>
      this.#requests.persist<AnswerAccepted>(
        {
          method: 'POST',
          path: `${this.#path}/asks/${encodeURIComponent(id)}`,
          json: JSON.stringify({ ...answer, by: this.#client }),
          frame: { type: 'answer', ask: id, ...answer },
        },
        signal,
      ),
    )
  }

  #read(options: ReaderOptions, onEnd?: () => void): Reader {
    const page = (after: Place, signal: AbortSignal) => this.#requests.page(this.#path, after, signal)
    return new Reader({ line: this.#line, page, onEnd }, options)
  }

  /** Work that ends with the signal, and with `close()`. */
  async #during<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new LinkedAbort(signal)
    this.#ongoing.add(abort)
    try {
      return await work(abort.signal)
    } finally {
      this.#ongoing.delete(abort)
      abort.release()
    }
  }
}

/** The error of what `close()` ended. */
function closedHere(): AgentServerError {
  return new AgentServerError({ code: 'not_connected', message: 'The session was closed by this client.' })
}
