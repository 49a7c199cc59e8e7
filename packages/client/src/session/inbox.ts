import type { AgentServerError, CaughtUp, Gap, SessionEvent } from '@claude-agent/protocol'

/** Something that came on the line, and the log that its numbers are of. */
export interface Entry {
  event: SessionEvent | CaughtUp | Gap
  log: string
  /** Characters. */
  size: number
}

/** Where the line stands when an iterator joins it. */
export interface Start {
  log: string
  /** What comes begins after this event. */
  seq: number
  /** The last event that the log is known to have. */
  lastSeq: number
  caughtUp: boolean
  /** The line began where the iterator wants to: nothing is to be fetched. */
  exact: boolean
}

/** What waits for one iterator: bounded. When it overflows it leaves the line, and the iterator comes back later. */
export class Inbox {
  readonly #limit: number
  readonly #onLeave: (inbox: Inbox) => void
  #incoming: Entry[] = []
  /** The oldest last. */
  #outgoing: Entry[] = []
  #size = 0
  #start: Start | undefined
  #wake: (() => void) | undefined
  #end: 'lagged' | 'ended' | undefined
  #error: AgentServerError | undefined

  constructor(limit: number, onLeave: (inbox: Inbox) => void) {
    this.#limit = limit
    this.#onLeave = onLeave
  }

  /** Whether it left only because it was full: what it missed is on the server. */
  get hasLagged(): boolean {
    return this.#end === 'lagged'
  }

  get hasStarted(): boolean {
    return this.#start !== undefined
  }

  /** The line is connected. */
  begin(start: Start): void {
    this.#start = start
    this.#wake?.()
  }

  push(entry: Entry): void {
    if (this.#end !== undefined) return
    if (this.#size >= this.#limit) return this.#leave('lagged')
    this.#size += entry.size
    this.#incoming.push(entry)
    this.#wake?.()
  }

  /** Nothing more is wanted, or nothing more comes; what waits is gone. */
  end(error?: AgentServerError): void {
    this.#incoming = []
    this.#outgoing = []
    this.#error ??= error
    this.#leave('ended')
  }

  /** Waits until the line is connected. Undefined when it ended before. */
  async started(): Promise<Start | undefined> {
    while (this.#start === undefined && this.#end === undefined) await this.#change()
    if (this.#error !== undefined) throw this.#error
    return this.#end === 'ended' ? undefined : this.#start
  }

  /** The next entry; undefined when no more comes. */
  async next(): Promise<Entry | undefined> {
    for (;;) {
      if (this.#outgoing.length === 0) {
        this.#outgoing = this.#incoming.reverse()
        this.#incoming = []
      }
      const entry = this.#outgoing.pop()
      this.#size -= entry?.size ?? 0
      if (entry !== undefined) return entry
      if (this.#error !== undefined) throw this.#error
      if (this.#end !== undefined) return undefined
      await this.#change()
    }
  }

  #leave(end: 'lagged' | 'ended'): void {
    const isFirst = this.#end === undefined
    this.#end = end
    this.#wake?.()
    if (isFirst) this.#onLeave(this)
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
