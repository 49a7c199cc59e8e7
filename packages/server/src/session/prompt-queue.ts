import type { AcceptedPrompt } from './state.ts'

/** The prompts that wait, in their order. */
export class PromptQueue {
  #waiting: AcceptedPrompt[] = []

  get length(): number {
    return this.#waiting.length
  }

  /** Characters of all that wait, as JSON. */
  get size(): number {
    return this.#waiting.reduce((sum, { data }) => sum + JSON.stringify(data).length, 0)
  }

  add(prompt: AcceptedPrompt): void {
    this.#waiting.push(prompt)
  }

  /** Puts back what was taken out, before all others. */
  putBack(prompts: readonly AcceptedPrompt[]): void {
    this.#waiting.unshift(...prompts)
  }

  next(): AcceptedPrompt | undefined {
    return this.#waiting.shift()
  }

  /** Takes a prompt out; false when it does not wait. */
  remove(uuid: string): boolean {
    const before = this.#waiting.length
    this.#waiting = this.#waiting.filter((prompt) => prompt.uuid !== uuid)
    return this.#waiting.length < before
  }
}
