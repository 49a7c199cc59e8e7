import { pause } from '../support/until.ts'
import { Dropped, Refused } from './call.ts'
import type { Doors } from './doors.ts'
import type { Journal } from './journal.ts'
import { messageOf, type Prompt } from './prompt.ts'
import type { Random } from './random.ts'
import type { Watch } from './watch.ts'
import { describeWish, drawWish, type Wish } from './wish.ts'

/** Prompts that may be open at once. */
const MAX_OPEN = 5
/** Refusals that pass. */
const PASSING = new Set(['storage_full', 'server_stopping', 'internal', 'queue_full', 'too_many_connections'])
const ACTIONS = { prompt: 60, duplicate: 10, conflict: 3, interrupt: 6, cancel: 8 } as const

export interface TalkerParts {
  session: string
  doors: Doors
  watch: Watch
  journal: Journal
  random: Random
}

/** Who sends the prompts of a session, stops turns, takes prompts back and repeats himself. */
export class Talker {
  readonly prompts: Prompt[] = []
  readonly #parts: TalkerParts
  readonly #sending = new Set<Promise<void>>()
  #isStopped = false

  constructor(parts: TalkerParts) {
    this.#parts = parts
  }

  /** Talks until it is stopped, or has said enough. */
  async talk(most: number): Promise<void> {
    const { random } = this.#parts
    while (!this.#isStopped && this.prompts.length < most) {
      await pause(random.between(30, 900))
      if (!this.#isStopped) this.#act()
    }
    await this.settled()
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Resolves when everything that was sent was answered. */
  async settled(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending)
  }

  /** Sends one more prompt, and resolves when it is acknowledged. */
  async say(wish: Wish): Promise<Prompt> {
    const prompt = this.#compose(wish, 1, undefined, false)
    await this.#deliver(prompt)
    return prompt
  }

  #act(): void {
    const { random, watch } = this.#parts
    const action = random.weighted(ACTIONS)
    const open = this.prompts.filter(({ uuid }) => !watch.ended.has(uuid))
    const known = this.prompts.filter(({ seq }) => seq !== undefined)
    if (action === 'interrupt') return this.#keep(this.#interrupt())
    if (action === 'cancel' && open.length > 0) return this.#keep(this.#cancel(random.pick(open)))
    if (action === 'duplicate' && known.length > 0) return this.#keep(this.#repeat(random.pick(known)))
    if (action === 'conflict' && known.length > 0) return this.#keep(this.#contradict(random.pick(known)))
    if (open.length >= MAX_OPEN) return
    const { wish, size } = drawWish(random)
    const priority = random.chance(0.3) ? random.pick(['now', 'next', 'later'] as const) : undefined
    this.#keep(this.#deliver(this.#compose(wish, size, priority, random.chance(0.04))))
  }

  #compose(wish: Wish, size: number, priority: Prompt['priority'], isGivenUp: boolean): Prompt {
    const { journal, random, session } = this.#parts
    const id = `${session}-${String(this.prompts.length + 1).padStart(4, '0')}`
    const prompt = { id, uuid: random.uuid(), wish, text: describeWish(id, wish, size), priority, isGivenUp }
    this.prompts.push(prompt)
    journal.count('prompts')
    journal.note('prompt', { id, uuid: prompt.uuid, wish, size, priority, isGivenUp })
    return prompt
  }

  /** Sends a prompt until it is acknowledged, by whichever door. */
  async #deliver(prompt: Prompt): Promise<void> {
    const { doors, journal, session } = this.#parts
    for (;;) {
      try {
        const { uuid, seq } = await doors.send(messageOf(prompt))
        const before = prompt.seq
        prompt.seq = seq as number
        if (uuid !== prompt.uuid || (before !== undefined && before !== seq))
          journal.violate('a prompt was acknowledged in two ways', { prompt, uuid, seq })
        return
      } catch (error) {
        if (this.#isFatal(error))
          return journal.violate('a prompt was refused', { session, prompt, error: String(error) })
        if (prompt.isGivenUp) return
        await pause(200)
      }
    }
  }

  async #repeat(prompt: Prompt): Promise<void> {
    this.#parts.journal.count('duplicates')
    await this.#deliver(prompt)
  }

  async #contradict(prompt: Prompt): Promise<void> {
    const { doors, journal } = this.#parts
    try {
      await doors.send(messageOf(prompt, `${prompt.text} Or not.`))
      journal.violate('another prompt was taken with the uuid of one before', prompt)
    } catch (error) {
      if (this.#isFatal(error) && (error as Refused).code !== 'uuid_conflict')
        journal.violate('a contradiction was refused for another reason', { prompt, error: String(error) })
    }
  }

  async #cancel(prompt: Prompt): Promise<void> {
    const { doors, journal } = this.#parts
    try {
      await doors.cancel(prompt.uuid)
      prompt.isCancelled = true
      journal.count('cancels')
      journal.note('cancelled', prompt.id)
    } catch (error) {
      const isExpected = error instanceof Refused && /^prompt_not_(found|waiting)$/.test(error.code)
      if (this.#isFatal(error) && !isExpected)
        journal.violate('a cancel was refused', { prompt, error: String(error) })
    }
  }

  async #interrupt(): Promise<void> {
    const { doors, journal, session } = this.#parts
    try {
      journal.note('interrupt', session)
      await doors.interrupt()
      journal.count('interrupts')
    } catch (error) {
      if (this.#isFatal(error)) journal.violate('an interrupt was refused', { session, error: String(error) })
    }
  }

  #isFatal(error: unknown): boolean {
    if (error instanceof Dropped) return false
    return !(error instanceof Refused && PASSING.has(error.code))
  }

  #keep(sending: Promise<void>): void {
    this.#sending.add(sending)
    void sending.finally(() => this.#sending.delete(sending))
  }
}
