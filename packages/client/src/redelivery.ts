import type { PlainDown } from '@claude-agent/protocol'

/** The uuid of a whole message of the SDK; partial ones count for nothing. */
export function uuidOf(message: PlainDown): string | undefined {
  if (message.type !== 'sdk_message') return undefined
  const data: { type?: unknown; uuid?: unknown } | null | undefined = message.data
  return typeof data?.uuid === 'string' && data.type !== 'stream_event' ? data.uuid : undefined
}

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
    const uuid = uuidOf(message)
    if (uuid === undefined) return false
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
