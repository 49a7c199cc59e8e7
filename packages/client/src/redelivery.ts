import type { PlainDown } from '@claude-agent/protocol'

/** Remembers the messages that were handed on. The server delivers at least once; with this it is once. */
export class Redelivery {
  readonly #seen = new Set<string>()
  readonly #limit: number

  /** @param limit how many uuids are remembered; the oldest is forgotten first. */
  constructor(limit = 10_000) {
    this.#limit = limit
  }

  /** Whether the message was seen before; if not, it is from now on. Partial messages never are: none comes twice. */
  isRepeat(message: PlainDown): boolean {
    if (message.type !== 'sdk_message') return false
    const data: { type?: unknown; uuid?: unknown } | null | undefined = message.data
    const uuid = data?.uuid
    if (typeof uuid !== 'string' || data?.type === 'stream_event') return false
    if (this.#seen.has(uuid)) return true
    this.#seen.add(uuid)
    if (this.#seen.size > this.#limit) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest)
        break
      }
    }
    return false
  }
}
