/** What is known of a conversation beside its messages and may go with them; the rest belongs to one process or one place. */
const KEPT = new Set([
  'cost-state',
  'content-replacement',
  'custom-title',
  'ai-title',
  'summary',
  'tag',
  'last-prompt',
])

/** A line of a transcript, as far as copies of it are concerned. */
export type TranscriptLine = Record<string, unknown> & {
  type: string
  uuid?: string
  attachment?: { source_uuid?: unknown }
  mergedSendUuids?: unknown
}

/** A line that a copy has; undefined for one that is left out. Throws when it is not JSON. */
export function readTranscriptLine(line: Buffer): TranscriptLine | undefined {
  const value: unknown = JSON.parse(line.toString())
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object')
  const { type, uuid } = value as Record<string, unknown>
  if (typeof type !== 'string') throw new TypeError('no type')
  if (typeof uuid !== 'string' && !KEPT.has(type)) return undefined
  return value as TranscriptLine
}

/** The ids of messages that stand in this line. */
export function idsOf({ uuid, attachment, mergedSendUuids }: TranscriptLine): string[] {
  const ids = [uuid, attachment?.source_uuid, ...(Array.isArray(mergedSendUuids) ? mergedSendUuids : [])]
  return ids.filter((id): id is string => typeof id === 'string')
}

/** The line in the copy: in the conversation of that, and where that is. */
export function moveTranscriptLine(
  entry: TranscriptLine,
  { sdkSessionId, from, to }: { sdkSessionId: string; from: string; to: string },
): Buffer {
  const moved = {
    ...entry,
    ...('sessionId' in entry ? { sessionId: sdkSessionId } : {}),
    ...(entry['cwd'] === from ? { cwd: to } : {}),
  }
  return Buffer.from(`${JSON.stringify(moved)}\n`)
}
