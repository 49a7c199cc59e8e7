import { formatCursor } from '@claude-agent/protocol'
import type { Entry } from '../../log/entry.ts'

const DATA = Buffer.from('data: ')
const END = Buffer.from('\n\n')

/** An event as the parts of a server-sent one. JSON has no line breaks, so that one line of data holds it. */
export function toEventLines({ seq, json }: Entry, log: string): readonly Buffer[] {
  return [seq === undefined ? DATA : Buffer.from(`id: ${formatCursor({ log, seq })}\ndata: `), json, END]
}
