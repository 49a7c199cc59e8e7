import type { AcceptedPrompt } from './state.ts'

/** How often a prompt is given to a new agent after one died before it had entered the conversation. */
const MOST = 3

/** How often prompts were tried, until they have ended. */
export class Attempts {
  readonly #counts = new Map<string, number>()

  /** Counts another attempt; gives how many there were. */
  count({ uuid }: AcceptedPrompt): number {
    const count = (this.#counts.get(uuid) ?? 0) + 1
    this.#counts.set(uuid, count)
    return count
  }

  /** Counts another attempt; false when that was the last. */
  mayTryAgain(prompt: AcceptedPrompt): boolean {
    return this.count(prompt) < MOST
  }

  forget(uuid: string): void {
    this.#counts.delete(uuid)
  }
}
