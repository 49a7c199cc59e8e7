import { isFields, textOf } from './fields.ts'
import { append, type Transcript } from './transcript.ts'

/** Adds a message that has no card of its own; `noise` is shown only on demand. */
export function appendRaw(before: Transcript, label: string, message: unknown, noise: boolean): Transcript {
  const parent = isFields(message) ? textOf(message['parent_tool_use_id']) : undefined
  return append(before, { kind: 'raw', label, count: 1, noise, lines: '', raw: [message], parent })
}
