import type { UserMessageInput } from '@claude-agent/protocol'

export interface Prompt {
  uuid: string
  data: UserMessageInput
}

/** The prompts of a session in their order: the one that the agent works on, and those that wait. */
export class PromptQueue {
  readonly #waiting: Prompt[] = []
  #current: Prompt | undefined

  /** The prompt that was handed to the agent and has not ended. */
  get current(): Prompt | undefined {
    return this.#current
  }

  get waiting(): number {
    return this.#waiting.length
  }

  add(prompt: Prompt): void {
    this.#waiting.push(prompt)
  }

  /** The next prompt becomes the current one; undefined while one is running or none waits. */
  next(): Prompt | undefined {
    if (this.#current !== undefined) return undefined
    this.#current = this.#waiting.shift()
    return this.#current
  }

  /** The current prompt has ended. */
  finish(): void {
    this.#current = undefined
  }
}
