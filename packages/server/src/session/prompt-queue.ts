import type { UserMessageInput } from '@claude-agent/protocol'

export interface Prompt {
  uuid: string
  data: UserMessageInput
}

interface Waiting {
  prompt: Prompt
  size: number
}

/** The prompts of a session in their order: the one that the agent works on, and those that wait. */
export class PromptQueue {
  readonly #waiting: Waiting[] = []
  #size = 0
  #current: Prompt | undefined

  /** The prompt that was handed to the agent and has not ended. */
  get current(): Prompt | undefined {
    return this.#current
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Characters of all that wait. */
  get size(): number {
    return this.#size
  }

  add(prompt: Prompt, size: number): void {
    this.#waiting.push({ prompt, size })
    this.#size += size
  }

  /** The next prompt becomes the current one; undefined while one is running or none waits. */
  next(): Prompt | undefined {
    if (this.#current !== undefined) return undefined
    const next = this.#waiting.shift()
    this.#size -= next?.size ?? 0
    this.#current = next?.prompt
    return this.#current
  }

  /** The current prompt has ended. */
  finish(): void {
    this.#current = undefined
  }
}
