import type { Seq } from '@claude-agent/protocol'
import { AgentServerError } from '@claude-agent/protocol'
import type { Draft, Entry } from './entry.ts'

/** An append-only list of the events of one session. Events reach clients only through here. */
export interface EventLog {
  /** The random id of this list of events: another id, another list, whose numbers mean other events. */
  readonly id: string
  /** The number of the oldest event that is still there; `lastSeq + 1` when none is. */
  readonly firstSeq: Seq
  /** The number of the last event that was written; 0 when there was none. */
  readonly lastSeq: Seq
  /**
   * Writes events as one batch and gives each the next `seq`; written once resolved, durable only after `sync()`.
   * One call at a time. Rejects with `storage_full` when there is no room: nothing of the batch is kept then.
   */
  append(drafts: readonly Draft[]): Promise<Entry[]>
  /** Resolves when everything that was appended before is durable. Rejects with `storage_full` when it cannot be. */
  sync(): Promise<void>
  /** Batches of entries after `after`, oldest first, up to the tail as it was at the call. What was dropped is left out. */
  read(after: Seq): AsyncIterable<readonly Entry[]>
  /** Makes everything durable and lets go of files and memory until the next use. Never rejects. */
  release(): Promise<void>
  /** As `release()`, for good. */
  close(): Promise<void>
}

/** A write that failed, as whoever wrote is told. */
export function storageFull(cause: unknown): AgentServerError {
  if (cause instanceof AgentServerError) return cause
  return new AgentServerError({
    code: 'storage_full',
    message: `The event log could not be written: ${(cause as Error).message}`,
    hint: 'Make room on the disk of CLAUDE_AGENT_DATA_DIR; the session goes on by itself then.',
    retryAfterMs: 1000,
    cause,
  })
}

/** The use of a log that was closed. */
export function logClosed(): AgentServerError {
  return new AgentServerError({
    code: 'server_stopping',
    message: 'The event log is closed.',
    hint: 'Connect again when the server is back.',
    retryAfterMs: 1000,
  })
}
