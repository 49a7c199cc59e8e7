import type { LoggedEvent, PromptOutcome } from '@claude-agent/protocol'

/** What the events of a session say so far, from whichever reader heard of them first. */
export class Watch {
  readonly accepted = new Set<string>()
  readonly ended = new Map<string, PromptOutcome>()
  #seq = 0

  hear(event: LoggedEvent): void {
    if (event.seq <= this.#seq) return
    this.#seq = event.seq
    if (event.type === 'user_message') this.accepted.add(event.uuid)
    if (event.type === 'prompt_ended') this.ended.set(event.uuid, event.outcome)
  }

  get lastSeq(): number {
    return this.#seq
  }

  /** Prompts that have not ended. */
  get open(): string[] {
    return [...this.accepted].filter((uuid) => !this.ended.has(uuid))
  }
}
