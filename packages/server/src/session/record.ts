import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  REDACTED,
  type AskKind,
  type CopiedEvent,
  type LoggedEvent,
  type QueryConfig,
  type SessionLimits,
} from '@claude-agent/protocol'
import { syncDirectory } from '../log/log-identity.ts'
import { hashOf } from '../policy/fingerprint.ts'
import { redactConfig } from '../policy/redact.ts'
import type { StateSnapshot } from './state.ts'

/** How a session was at an event: when it had nothing left to do, so that it need not be opened to tell of it, or before its log dropped what came before. */
export interface Rest {
  state: StateSnapshot
  log: string
  firstSeq: number
  lastSeq: number
  /** Of its log: another size means that something has happened since. */
  bytes: number
  /** All events up to here are on the disk: it holds for what a loss of power leaves of the log, too. */
  isDurable?: true
}

/** What is kept of a session beside its events, in `session.json`. */
export interface SessionRecord {
  id: string
  title?: string | undefined
  metadata: Record<string, string>
  /** Without secrets: those read `[redacted]`. */
  options: QueryConfig
  /** The options have secrets, which must be given again after a start of the server. */
  hasSecrets: boolean
  limits: SessionLimits
  askTimeoutMs: number
  interactive: boolean | AskKind[]
  /** @default 'defer', of records of old */
  questions?: 'defer' | 'hold' | undefined
  /** It belongs to the plain layer: what waits when the server ends, is dropped. */
  isPlain: boolean
  /** `stdio`: an SDK drives it. */
  kind?: 'stdio' | undefined
  createdAt: number
  updatedAt: number
  /** Hash of the system prompt that the conversation began with. */
  systemPrompt?: string | undefined
  rest?: Rest | undefined
  /** What it is a copy of. */
  origin?: Pick<CopiedEvent, 'source' | 'from' | 'log' | 'at'> | undefined
  /** The last `session_updated` that it knows of. */
  updatedSeq?: number
}

/** What a session is given by whoever makes it. */
export type RecordFields = Omit<SessionRecord, 'options' | 'hasSecrets' | 'createdAt' | 'updatedAt'>

/** The record of a new session; `isComplete`: its options have all their secrets. */
export function createRecord(
  fields: RecordFields,
  options: QueryConfig,
  now: number,
): { record: SessionRecord; isComplete: boolean } {
  const shown = redactConfig(options)
  const isComplete = !JSON.stringify(options).includes(REDACTED)
  const hasSecrets = !isComplete || hashOf(shown) !== hashOf(options)
  return { record: { ...fields, options: shown, hasSecrets, createdAt: now, updatedAt: now }, isComplete }
}

const NAME = 'session.json'

/** The record in a session's folder, or undefined when there is none that can be read. */
export function readRecord(folder: string): SessionRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, NAME), 'utf8')) as SessionRecord
  } catch {
    return undefined
  }
}

/** Writes a record whole or not at all. `isDurable`: resolves when it is on the disk. */
export async function writeRecord(folder: string, record: SessionRecord, isDurable: boolean): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, NAME)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify(record))
    if (isDurable) await file.datasync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  if (!isDurable) return
  for (const directory of [folder, dirname(folder)]) await syncDirectory(directory)
}

/** A record that was not written after a change: the log knows of it. */
export function catchUp(record: SessionRecord, event: LoggedEvent): SessionRecord {
  if (event.type !== 'session_updated' || event.seq <= (record.updatedSeq ?? 0)) return record
  const { type: _, at, seq, ...changes } = event
  const secrets =
    changes.options === undefined ? {} : { hasSecrets: JSON.stringify(changes.options).includes(REDACTED) }
  return { ...record, ...(changes as Partial<SessionRecord>), ...secrets, updatedAt: at, updatedSeq: seq }
}

/** Bytes of the log in a session's folder. */
export function sizeOfLog(folder: string): number {
  const names = readdirSync(folder).filter((name) => name.startsWith('events-'))
  return names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}
