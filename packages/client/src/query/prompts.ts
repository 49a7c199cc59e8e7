import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, type MessageAccepted } from '@claude-agent/protocol'
import { orAborted } from '../patience.ts'
import { randomUuid } from '../uuid.ts'
import type { OpenedSession } from './opening.ts'

/** What a query is given to say. */
export type Prompt = string | AsyncIterable<SDKUserMessage>

/** The prompts of a query: handed in one after another, and known until their turns have ended. */
export class Prompts {
  readonly #onEnd: () => void
  /** Those whose turns have not ended, in their order; true where the caller gave the uuid. */
  readonly #open = new Map<string, boolean>()
  #sources = 0

  /** @param onEnd nothing more is said for now */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** Nothing more is said, and all turns have ended. */
  get areOver(): boolean {
    return this.#sources === 0 && this.#open.size === 0
  }

  /** The prompt whose turn runs, or is next. */
  get first(): string | undefined {
    return this.#open.keys().next().value
  }

  /** Those that are open, the oldest first. */
  get open(): string[] {
    return [...this.#open.keys()]
  }

  /** Those that wait behind the first, by the uuids that the caller gave. */
  get waiting(): string[] {
    return [...this.#open].slice(1).flatMap(([uuid, isGiven]) => (isGiven ? [uuid] : []))
  }

  /** Whether it is one of these, and the caller knows it by this uuid. */
  isGiven(uuid: unknown): boolean {
    return this.#open.get(uuid as string) === true
  }

  /** The turn of a prompt has ended. Says whether it was one of these. */
  end(uuid: string): boolean {
    return this.#open.delete(uuid)
  }

  /** More is to be said: there is no end before that. The function that comes back says that it was. */
  expect(): () => void {
    this.#sources += 1
    return () => {
      this.#sources -= 1
      if (this.areOver) this.#onEnd()
    }
  }

  /**
   * Hands in a text, or messages as they come; resolves when all are accepted.
   * @throws AgentServerError that of `session.send()`; what the iterable throws; the signal's reason
   */
  async feed(opened: OpenedSession, prompt: Prompt, signal: AbortSignal): Promise<void> {
    if (typeof prompt === 'string') return await this.#send(opened, textOf(prompt), signal)
    const messages = prompt[Symbol.asyncIterator]()
    try {
      for (;;) {
        const { done, value } = await orAborted(messages.next(), signal)
        if (done === true) return
        await this.#send(opened, value, signal)
      }
    } finally {
      // One that waits for something else hears of it whenever that comes.
      if (signal.aborted) void messages.return?.().catch(() => {})
    }
  }

  async #send(opened: OpenedSession, message: SDKUserMessage, signal: AbortSignal): Promise<void> {
    const { uuid = randomUuid() } = message
    const isNew = !this.#open.has(uuid)
    this.#open.set(uuid, message.uuid !== undefined)
    const send = (): Promise<MessageAccepted> => opened.session.send(message, { uuid, signal })
    const { seq } = await send().catch(async (error: unknown) => {
      if (!(error instanceof AgentServerError) || error.code !== 'credentials_required') throw error
      await opened.renew()
      return await send()
    })
    // It was said before, and has had its turn.
    if (isNew && seq <= opened.after.seq) this.#open.delete(uuid)
  }
}

/** A text as the SDK writes it. */
function textOf(text: string): SDKUserMessage {
  return {
    type: 'user',
    message: { role: 'user', content: [{ type: 'text', text }] },
    parent_tool_use_id: null,
  }
}
