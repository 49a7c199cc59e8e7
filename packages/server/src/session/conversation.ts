import { randomUUID } from 'node:crypto'
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'

/** Which conversation of the SDK a session is on, and with which system prompt it began. */
export class Conversation {
  /** The SDK's id; it changes when the agent is told to forget (`/clear`). */
  #id: string = randomUUID()
  #prompt = ''
  #firstPrompt: string | undefined

  get id(): string {
    return this.#id
  }

  /**
   * An agent with this system prompt, as a fingerprint, is about to go on with the conversation.
   * Returns whether it began with another one, whose record must not be used any more.
   */
  resume(prompt: string): boolean {
    this.#prompt = prompt
    return this.#firstPrompt !== undefined && this.#firstPrompt !== prompt
  }

  hear(message: SDKMessage): void {
    if (message.type === 'system' && message.subtype === 'init') {
      this.#id = message.session_id
      this.#firstPrompt ??= this.#prompt
    } else if (message.type === 'conversation_reset') {
      this.#id = message.new_conversation_id
      this.#firstPrompt = undefined
    }
  }
}
