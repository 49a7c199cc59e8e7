import type { AcceptedPrompt } from './state.ts'

interface Waiting {
  prompt: AcceptedPrompt
  size: number
}

/** The prompts that wait, in their order. */
export class PromptQueue {
  #waiting: Waiting[] = []
  #size = 0

  get length(): number {
    return this.#waiting.length
  }

  /** Characters of all that wait. */
  get size(): number {
    return this.#size
  }

  add(prompt: AcceptedPrompt): void {
    const size = charactersOf(prompt.data)
    this.#waiting.push({ prompt, size })
    this.#size += size
  }

  /** Puts back what was taken out, before all others. */
  putBack(prompts: readonly AcceptedPrompt[]): void {
    const others = this.#waiting
    this.#waiting = []
    for (const prompt of prompts) this.add(prompt)
    this.#waiting.push(...others)
  }

  next(): AcceptedPrompt | undefined {
    const next = this.#waiting.shift()
    this.#size -= next?.size ?? 0
    return next?.prompt
  }

  /** Takes a prompt out; false when it does not wait. */
  remove(uuid: string): boolean {
    const place = this.#waiting.findIndex(({ prompt }) => prompt.uuid === uuid)
    if (place === -1) return false
    this.#size -= this.#waiting[place]!.size
    this.#waiting.splice(place, 1)
    return true
  }
}

/** The characters of all texts in a value. */
export function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, part) => sum + charactersOf(part), 0)
}
