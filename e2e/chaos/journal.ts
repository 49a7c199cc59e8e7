/** What a run counts. */
const COUNTED = [
  'agentKills',
  'serverKills',
  'serverStops',
  'drops',
  'cuts',
  'vanished',
  'stalls',
  'diskFills',
  'sessions',
  'prompts',
  'duplicates',
  'interrupts',
  'cancels',
  'asks',
  'events',
  'reconnects',
  'modelRequests',
  'completed',
  'interrupted',
  'cancelled',
  'failed',
  'joined',
  'recovered',
  'questions',
  'lostAsks',
] as const

export type Counted = (typeof COUNTED)[number]

export interface Note {
  /** Milliseconds since the start. */
  at: number
  what: string
  detail: unknown
}

/** What happened in a run, what was counted, and what must not have happened. */
export class Journal {
  readonly notes: Note[] = []
  readonly violations: Note[] = []
  readonly counts = Object.fromEntries(COUNTED.map((name) => [name, 0])) as Record<Counted, number>
  readonly #start = Date.now()
  #movedAt = Date.now()

  note(what: string, detail: unknown = ''): void {
    this.notes.push({ at: Date.now() - this.#start, what, detail })
  }

  count(name: Counted, by = 1): void {
    this.counts[name] += by
  }

  /** Something went on, in whichever session. */
  move(): void {
    this.#movedAt = Date.now()
  }

  /** Milliseconds since something went on. */
  get stillMs(): number {
    return Date.now() - this.#movedAt
  }

  /** Something that is promised did not hold. */
  violate(what: string, detail: unknown = ''): void {
    this.note(`VIOLATION: ${what}`, detail)
    this.violations.push(this.notes.at(-1)!)
  }

  /** Kills of agents and servers. */
  get kills(): number {
    const { agentKills, serverKills, serverStops } = this.counts
    return agentKills + serverKills + serverStops
  }

  /** All counts in one line, but for what did not happen. */
  get line(): string {
    const seconds = Math.round((Date.now() - this.#start) / 1000)
    const parts = COUNTED.filter((name) => this.counts[name] > 0).map(
      (name) => `${name} ${this.counts[name]}`,
    )
    return `${String(seconds).padStart(4)} s  ${parts.join(' · ')}`
  }
}
