import type { LoggedEvent, NewEvent, Seq } from './event.ts'

/** An append-only list of the events of one session. Events reach clients only through here. */
export interface EventLog {
  /** The number of the last event that is written; 0 when there is none. */
  readonly lastSeq: Seq
  /**
   * Writes the events as one batch and gives each the next `seq`; written once resolved.
   * One call at a time. Rejects with `storage_full` when there is no room: nothing of the batch is kept then.
   */
  append(events: readonly NewEvent[]): Promise<LoggedEvent[]>
  /** Events after `after`, oldest first, up to the tail as it was at the call. */
  read(after: Seq): AsyncIterable<LoggedEvent>
  close(): Promise<void>
}
