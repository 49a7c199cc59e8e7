import type { EphemeralEvent } from '@claude-agent/protocol'
import type { Entry } from './inbox.ts'

/**
 * The partial events of the messages that are being streamed, for an iterator that joins the line in their middle.
 * Subagents stream beside the agent, so they are kept by the tool use that each belongs to.
 */
export class Partials {
  readonly #limit: number
  readonly #messages = new Map<string | null, { entries: Entry[]; size: number }>()

  constructor(limit: number) {
    this.#limit = limit
  }

  hear(entry: Entry): void {
    const { data } = entry.event as EphemeralEvent
    if (data.type !== 'stream_event') return
    const key = data.parent_tool_use_id
    if (data.event.type === 'message_start') this.#messages.set(key, { entries: [], size: 0 })
    const message = this.#messages.get(key)
    if (message === undefined) return
    message.size += entry.size
    message.entries.push(entry)
    if (data.event.type === 'message_stop' || message.size > this.#limit) this.#messages.delete(key)
  }

  clear(): void {
    this.#messages.clear()
  }

  /** What was said so far, marked. */
  replay(): Entry[] {
    return [...this.#messages.values()].flatMap(({ entries }) =>
      entries.map((entry) => ({ ...entry, event: { ...(entry.event as EphemeralEvent), replayed: true } })),
    )
  }
}
