import { fieldsOf, textOf } from './fields.ts'
import { append, type Transcript } from './transcript.ts'

/** Adds an event that has no card of its own; `noise` is shown only on demand. */
export function appendRaw(before: Transcript, label: string, event: unknown, noise: boolean): Transcript {
  const parent = textOf(fieldsOf(fieldsOf(event)['data'])['parent_tool_use_id'])
  return append(before, { kind: 'raw', label, count: 1, noise, lines: '', raw: [event], parent })
}
