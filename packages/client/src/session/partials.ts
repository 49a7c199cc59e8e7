import { isLogged, type EphemeralEvent } from '@claude-agent/protocol'
import type { Entry } from './inbox.ts'

/** A message that is being streamed: its start, then the blocks that no whole message has told of yet. */
interface Streamed {
  start: Entry
  parts: Entry[]
  blocks: Set<number>
  size: number
}

/**
 * The partial events of the messages that are being streamed, for an iterator that joins the line in their middle.
 * Subagents stream beside the agent, so they are kept by the tool use that each belongs to. A whole message takes the
 * place of its blocks, as on the server.
 */
export class Partials {
  readonly #limit: number
  readonly #messages = new Map<string | null, Streamed>()

  constructor(limit: number) {
    this.#limit = limit
  }

  hear(entry: Entry): void {
    const { event } = entry
    if (event.type === 'agent_exited') return this.clear()
    if (event.type !== 'sdk_message') return
    if (!isLogged(event)) return this.#hearPartial(entry, event.data)
    if (event.data.type === 'result') return this.clear()
    const message = event.data.type === 'assistant' && this.#messages.get(event.data.parent_tool_use_id)
    if (message) Object.assign(message, { parts: [], blocks: new Set(), size: message.start.size })
  }

  clear(): void {
    this.#messages.clear()
  }

  /** What was said so far, marked. */
  replay(): Entry[] {
    return [...this.#messages.values()].flatMap(({ start, parts }) =>
      [start, ...parts].map((entry) => ({
        ...entry,
        event: { ...(entry.event as EphemeralEvent), replayed: true },
      })),
    )
  }

  #hearPartial(entry: Entry, data: EphemeralEvent['data']): void {
    if (data.type !== 'stream_event') return
    const { parent_tool_use_id: key, event } = data
    if (event.type === 'message_start') {
      this.#messages.set(key, { start: entry, parts: [], blocks: new Set(), size: entry.size })
      return
    }
    const message = this.#messages.get(key)
    if (message === undefined) return
    if (event.type === 'content_block_start') message.blocks.add(event.index)
    // The rest of a block that was told whole.
    else if ('index' in event && !message.blocks.has(event.index)) return
    message.size += entry.size
    message.parts.push(entry)
    if (event.type === 'message_stop' || message.size > this.#limit) this.#messages.delete(key)
  }
}
