import type { EphemeralEvent, SessionEvent } from '@claude-agent/protocol'
import { isLogged } from '@claude-agent/protocol'
import type { Entry } from './entry.ts'
import { Partial, type StreamEvent } from './partial-event.ts'

/** Bytes that are kept of all messages together; the message that goes beyond is given up. */
const MAX_BYTES = 4 * 1024 * 1024

/** A message that is being streamed: its start, then the blocks that no whole message has told of yet. */
interface Streamed {
  start: Partial
  parts: Partial[]
  blocks: Set<number>
  startBytes: number
  bytes: number
}

/** Who streams: the id of the tool use that a subagent works for, or '' for the agent itself. */
export type Speaker = string

/**
 * The partial events of the messages that are being streamed, so that who comes in the middle gets the text so far.
 * A whole message that the agent says takes the place of its blocks; the start stays for those that follow, because a
 * message of several blocks is told whole in several parts.
 */
export class Partials {
  readonly #messages = new Map<Speaker, Streamed>()
  readonly #givenUp = new Set<Speaker>()
  #bytes = 0

  /** Those whose message is too long to be kept: a reader that missed some of it does without the rest. */
  get givenUp(): ReadonlySet<Speaker> {
    return this.#givenUp
  }

  /** Follows the events as they are handed out, in their order. */
  hear({ event, json }: Entry): void {
    const stream = streamEventOf(event)
    if (stream !== undefined) this.#hearStream(event as EphemeralEvent, stream, json.length)
    else if (event.type === 'agent_exited') this.#forgetAll()
    else if (event.type === 'sdk_message' && isLogged(event)) {
      const type = event.data?.type
      if (type === 'result') this.#forgetAll()
      if (type === 'assistant') this.#forgetBlocks(speakerOf(event))
    }
  }

  /** What a reader is given that comes now. */
  replay(): Entry[] {
    return [...this.#messages.values()].flatMap(({ start, parts }) =>
      [start, ...parts].map((partial) => partial.replay()),
    )
  }

  #hearStream(event: EphemeralEvent, stream: StreamEvent, bytes: number): void {
    const speaker = speakerOf(event)
    if (stream.type === 'message_start') {
      this.#forget(speaker)
      const start = new Partial(event, stream)
      this.#messages.set(speaker, { start, parts: [], blocks: new Set(), startBytes: bytes, bytes: 0 })
      this.#count(speaker, bytes)
      return
    }
    if (stream.type === 'message_stop') return this.#forget(speaker)
    const message = this.#messages.get(speaker)
    if (message === undefined) return
    if (stream.type === 'content_block_start') message.blocks.add(stream.index ?? 0)
    // The rest of a block that was told whole.
    else if (stream.index !== undefined && !message.blocks.has(stream.index)) return
    const merged = message.parts.at(-1)?.merge(stream)
    if (merged === undefined) message.parts.push(new Partial(event, stream))
    this.#count(speaker, merged ?? bytes)
  }

  #count(speaker: Speaker, bytes: number): void {
    const message = this.#messages.get(speaker)!
    message.bytes += bytes
    this.#bytes += bytes
    if (this.#bytes <= MAX_BYTES) return
    this.#forget(speaker)
    this.#givenUp.add(speaker)
  }

  #forget(speaker: Speaker): void {
    this.#bytes -= this.#messages.get(speaker)?.bytes ?? 0
    this.#messages.delete(speaker)
    this.#givenUp.delete(speaker)
  }

  #forgetBlocks(speaker: Speaker): void {
    const message = this.#messages.get(speaker)
    if (message === undefined) return
    this.#bytes -= message.bytes - message.startBytes
    message.bytes = message.startBytes
    message.parts = []
    message.blocks.clear()
  }

  #forgetAll(): void {
    this.#messages.clear()
    this.#givenUp.clear()
    this.#bytes = 0
  }
}

/** The event of the Messages API's stream that an event carries; undefined when it carries none. */
export function streamEventOf(event: SessionEvent): StreamEvent | undefined {
  if (event.type !== 'sdk_message' || isLogged(event)) return undefined
  const data = event.data as { type: string; event?: StreamEvent } | null
  return data?.type === 'stream_event' && typeof data.event?.type === 'string' ? data.event : undefined
}

/** Who said a message of the SDK. */
export function speakerOf(event: SessionEvent): Speaker {
  const { parent_tool_use_id: parent } = (event as EphemeralEvent).data as {
    parent_tool_use_id?: string | null
  }
  return parent ?? ''
}
