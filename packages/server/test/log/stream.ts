import type { EphemeralEvent, NewEvent, SessionEvent } from '@claude-agent/protocol'
import type { Entry } from '../../src/log/entry.ts'

/** What the SDK tells of an event of the Messages API's stream. */
export function streamed(event: Record<string, unknown>, parent: string | null = null): EphemeralEvent {
  return {
    type: 'sdk_message',
    data: { type: 'stream_event', event, parent_tool_use_id: parent, uuid: 'u', session_id: 's' } as never,
  }
}

export const messageStart = (id: string, parent: string | null = null): EphemeralEvent =>
  streamed({ type: 'message_start', message: { id, content: [] } }, parent)

export const messageStop = (parent: string | null = null): EphemeralEvent =>
  streamed({ type: 'message_stop' }, parent)

export const blockStart = (index: number, type = 'text', parent: string | null = null): EphemeralEvent =>
  streamed({ type: 'content_block_start', index, content_block: { type } }, parent)

export const blockStop = (index: number, parent: string | null = null): EphemeralEvent =>
  streamed({ type: 'content_block_stop', index }, parent)

export const textDelta = (text: string, index = 0, parent: string | null = null): EphemeralEvent =>
  streamed({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } }, parent)

/** A message of the SDK that has a place in the log. */
export const whole = (type: string, fields: Record<string, unknown> = {}): NewEvent => ({
  type: 'sdk_message',
  data: { type, parent_tool_use_id: null, ...fields } as never,
})

interface Told {
  data: {
    type: string
    parent_tool_use_id: string | null
    event: { type: string; message?: { id: string }; delta?: { text?: string } }
  }
  replayed?: true
}

/** The kinds of events, in short; a delta by its text, what is replayed with a star. */
export function kinds(entries: readonly Entry[]): string[] {
  return entries.map(({ event, seq }) => {
    if (seq !== undefined) return `#${seq}`
    const { data, replayed } = event as unknown as Told
    const kind = data.event.delta?.text ?? data.event.type
    return replayed ? `${kind}*` : kind
  })
}

/** A page that shows the text of the message that an agent streams. */
export class Page {
  /** The id of the message that is being streamed. */
  message = ''
  text = ''

  show(event: SessionEvent): void {
    const { data } = event as unknown as Told
    if (data?.type === 'assistant') this.message = this.text = ''
    if (data?.type !== 'stream_event' || data.parent_tool_use_id !== null) return
    if (data.event.type === 'message_start') {
      this.message = data.event.message!.id
      this.text = ''
    }
    this.text += data.event.delta?.text ?? ''
  }
}
