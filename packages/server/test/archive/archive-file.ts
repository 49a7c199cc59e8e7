import { createHash } from 'node:crypto'
import type { NewEvent } from '@claude-agent/protocol'
import type { SectionHeader } from '../../src/archive/section.ts'
import { NO_USAGE } from '../../src/archive/staged-session.ts'
import { prompted, promptEnded, spoke, started } from '../session/events.ts'

export const SDK_ID = '3e8b4163-5c03-4f3c-884f-c8a9fedc1c86'

const EVENTS: NewEvent[] = [
  prompted('u1', 'hello'),
  started(SDK_ID),
  spoke('m1'),
  promptEnded('u1', 'completed'),
]

/** A transcript of one turn. */
export const TRANSCRIPT: object[] = [
  {
    type: 'user',
    uuid: 'u1',
    parentUuid: null,
    sessionId: SDK_ID,
    cwd: '/there',
    message: { role: 'user', content: 'hello' },
  },
  { type: 'api-request', sessionId: SDK_ID, params: { model: 'm' } },
  {
    type: 'assistant',
    uuid: 'm1',
    parentUuid: 'u1',
    sessionId: SDK_ID,
    cwd: '/there',
    message: { content: [] },
  },
  { type: 'last-prompt', leafUuid: 'm1', sessionId: SDK_ID },
]

export interface ArchiveSetup {
  header?: object
  session?: object
  events?: object[]
  /** Lines of the transcript; null for none. */
  transcript?: (object | string)[] | null
  files?: Record<string, string>
  firstSeq?: number
  /** Another end than the right one. */
  end?: string
}

/** An archive of one section, as a server would write it, or as a stranger might. */
export function archiveOf(setup: ArchiveSetup = {}): Buffer {
  const { events = EVENTS, transcript = TRANSCRIPT, files = {}, firstSeq = 1 } = setup
  const numbered = events.map((event, index) => ({ seq: firstSeq + index, at: 1000, ...event }))
  const header: SectionHeader = {
    archive: 'claude-agent-session',
    version: 1,
    server: '0.0.0',
    at: 1,
    session: {
      id: 'there',
      metadata: {},
      options: {},
      limits: {},
      askTimeoutMs: 0,
      interactive: true,
      createdAt: 1,
      ...setup.session,
    },
    log: { id: 'log-there', first: firstSeq, last: firstSeq + events.length - 1 },
    workspace: '/there',
    usage: NO_USAGE,
    calls: [],
    ...(transcript === null ? {} : { transcript: { sdkSessionId: SDK_ID, from: 0, to: 100 } }),
    ...setup.header,
  }
  const lines = (values: (object | string)[]): string =>
    values.map((value) => `${typeof value === 'string' ? value : JSON.stringify(value)}\n`).join('')
  const parts: [object, string][] = [[{ part: 'log' }, lines(numbered)]]
  if (transcript !== null) parts.push([{ part: 'transcript' }, lines(transcript)])
  for (const [name, text] of Object.entries(files)) parts.push([{ part: 'file', name }, text])
  const body = Buffer.from(
    `${JSON.stringify(header)}\n${parts
      .map(([part, text]) => `${JSON.stringify({ ...part, bytes: Buffer.byteLength(text) })}\n${text}`)
      .join('')}`,
  )
  const sha256 = createHash('sha256').update(body).digest('hex')
  return Buffer.concat([body, Buffer.from(setup.end ?? `${JSON.stringify({ end: true, sha256 })}\n`)])
}

/** Bytes as they may come over a network. */
export async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}
