import type { LoggedEvent, NewEvent, Seq } from './event.ts'

/** An event that can be written: serialised, so that whoever made it hears when that fails. */
export interface Draft {
  event: NewEvent
  /** The event as a JSON object. */
  json: string
}

/** An append-only list of the events of one session. Events reach clients only through here. */
export interface EventLog {
  /** The number of the last event that is written; 0 when there is none. */
  readonly lastSeq: Seq
  /**
   * Writes events as one batch and gives each the next `seq`; written once resolved.
   * One call at a time. Rejects with `storage_full` when there is no room: nothing of the batch is kept then.
   */
  append(drafts: readonly Draft[]): Promise<LoggedEvent[]>
  /** Events after `after`, oldest first, up to the tail as it was at the call. */
  read(after: Seq): AsyncIterable<LoggedEvent>
  close(): Promise<void>
}
