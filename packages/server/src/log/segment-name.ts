import { join } from 'node:path'
import type { Seq } from '@claude-agent/protocol'

const NAME = /^events-(\d{12,15})\.jsonl$/

/** The file of the segment whose first event has this number. */
export function segmentPath(directory: string, first: Seq): string {
  return join(directory, `events-${String(first).padStart(12, '0')}.jsonl`)
}

/** The number of the first event of a segment, from the name of its file. */
export function parseSegmentName(name: string): Seq | undefined {
  const digits = NAME.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
