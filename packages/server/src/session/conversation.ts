import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'

/** Messages that are remembered, so that none is recovered that is in the log. */
const REMEMBERED = 2_000

/** What is remembered of the SDK's conversation between two starts of the server. */
export interface ConversationSnapshot {
  sdkSessionId?: string
  /** A prompt has entered it: there is something to lose. */
  begun: boolean
  /** The last message of a turn that ended in order: the transcript must hold it. */
  anchor?: string
  /** Every id that the SDK had for a conversation of the session. */
  sdkSessionIds: string[]
  /** Of the turn that has not ended: one that waits for the answer to a question. */
  said: string[]
  /** The last messages, as long as there is such a turn. */
  heard: string[]
  lastMessage?: string
}

/** The SDK's conversation that a session is on, as far as the events tell. */
export class Conversation {
  #sdkSessionId: string | undefined
  #begun: boolean
  #anchor: string | undefined
  readonly #sdkSessionIds: Set<string>
  readonly #said: Set<string>
  readonly #heard: Set<string>
  /** The last whole message of the agent. */
  #lastMessage: string | undefined

  constructor(snapshot?: ConversationSnapshot) {
    this.#sdkSessionId = snapshot?.sdkSessionId
    this.#begun = snapshot?.begun ?? false
    this.#anchor = snapshot?.anchor
    this.#sdkSessionIds = new Set(snapshot?.sdkSessionIds)
    this.#said = new Set(snapshot?.said)
    this.#heard = new Set(snapshot?.heard)
    this.#lastMessage = snapshot?.lastMessage
  }

  /** Undefined while there is none. */
  get sdkSessionId(): string | undefined {
    return this.#sdkSessionId
  }

  get begun(): boolean {
    return this.#begun
  }

  get anchor(): string | undefined {
    return this.#anchor
  }

  get sdkSessionIds(): ReadonlySet<string> {
    return this.#sdkSessionIds
  }

  /** The uuids of its messages that were said in the turn that has not ended. */
  get said(): ReadonlySet<string> {
    return this.#said
  }

  /** Whether one of its last messages is in the log. */
  hasHeard(uuid: string): boolean {
    return this.#heard.has(uuid)
  }

  get snapshot(): ConversationSnapshot {
    return {
      ...(this.#sdkSessionId === undefined ? {} : { sdkSessionId: this.#sdkSessionId }),
      begun: this.#begun,
      ...(this.#anchor === undefined ? {} : { anchor: this.#anchor }),
      sdkSessionIds: [...this.#sdkSessionIds],
      said: [...this.#said],
      heard: this.#said.size === 0 ? [] : [...this.#heard],
      ...(this.#lastMessage === undefined ? {} : { lastMessage: this.#lastMessage }),
    }
  }

  /** A process has begun on a conversation: a new one, or the one that there was. */
  start(sdkSessionId: string, isNew: boolean): void {
    this.#follow(sdkSessionId)
    if (isNew) this.#forget()
  }

  /** What was said so far was said elsewhere, and goes on under an id of its own; undefined when nothing was. */
  copied(sdkSessionId: string | undefined): void {
    this.#sdkSessionIds.clear()
    this.#sdkSessionId = undefined
    if (sdkSessionId === undefined) return this.#forget()
    this.#follow(sdkSessionId)
    this.#begun = true
  }

  hear(message: SDKMessage): void {
    if (message.type === 'conversation_reset') {
      // Its new id comes with the next turn; going back to the old one would bring back what was to be forgotten.
      this.#sdkSessionId = undefined
      return this.#forget()
    }
    if (message.type === 'system' && message.subtype === 'init') this.#follow(message.session_id)
    if (message.type !== 'assistant' && message.type !== 'user') return
    const { uuid, parent_tool_use_id } = message
    if (uuid === undefined || parent_tool_use_id) return
    this.#said.add(uuid)
    this.#heard.add(uuid)
    const [oldest] = this.#heard
    if (this.#heard.size > REMEMBERED && oldest !== undefined) this.#heard.delete(oldest)
    if (message.type === 'assistant') this.#lastMessage = uuid
  }

  /** A prompt that entered it has ended; in order, or not. */
  endPrompt(inOrder: boolean): void {
    this.#begun = true
    if (inOrder && this.#lastMessage !== undefined) this.#anchor = this.#lastMessage
  }

  /** The turn is over. */
  endTurn(): void {
    this.#said.clear()
  }

  #follow(sdkSessionId: string): void {
    this.#sdkSessionId = sdkSessionId
    this.#sdkSessionIds.add(sdkSessionId)
  }

  #forget(): void {
    this.#begun = false
    this.#anchor = undefined
    this.#lastMessage = undefined
  }
}
