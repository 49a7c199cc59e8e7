import type { EphemeralEvent } from '@claude-agent/protocol'
import { Entry } from './entry.ts'

/** Fields of a delta that grow by what comes next. */
const TEXTS: Record<string, string> = {
  text_delta: 'text',
  input_json_delta: 'partial_json',
  thinking_delta: 'thinking',
}

/** What is looked at of an event of the Messages API's stream. */
export interface StreamEvent {
  type: string
  index?: number
  delta?: { type?: string } & Record<string, unknown>
}

/** One event that a message was streamed as, or several deltas of the same kind that follow one another. */
export class Partial {
  readonly #first: EphemeralEvent
  readonly #stream: StreamEvent
  readonly #field: string | undefined
  #text = ''

  constructor(event: EphemeralEvent, stream: StreamEvent) {
    this.#first = event
    this.#stream = stream
    this.#field = stream.type === 'content_block_delta' ? TEXTS[stream.delta?.type ?? ''] : undefined
    if (this.#field !== undefined) this.#text = textOf(stream, this.#field)
  }

  /** Takes the text of a delta of the same block and kind; gives its size, or undefined when it is of another. */
  merge(stream: StreamEvent): number | undefined {
    const field = this.#field
    if (field === undefined || stream.type !== this.#stream.type || stream.index !== this.#stream.index)
      return undefined
    if (stream.delta?.type !== this.#stream.delta?.type) return undefined
    const text = textOf(stream, field)
    this.#text += text
    return Buffer.byteLength(text)
  }

  /** What a reader is given that comes later. */
  replay(): Entry {
    const event = { ...this.#first, data: this.#data(), replayed: true } as EphemeralEvent
    return new Entry(undefined, Buffer.from(JSON.stringify(event)), event)
  }

  #data(): unknown {
    if (this.#field === undefined) return this.#first.data
    const delta = { ...this.#stream.delta, [this.#field]: this.#text }
    return { ...this.#first.data, event: { ...this.#stream, delta } }
  }
}

function textOf(stream: StreamEvent, field: string): string {
  const text = stream.delta?.[field]
  return typeof text === 'string' ? text : ''
}
