import type { AskOutcome, OpenAsk } from '@claude-agent/protocol'
import { pause } from '../support/until.ts'
import { Refused } from './call.ts'
import type { Doors } from './doors.ts'
import type { Journal } from './journal.ts'
import type { Random } from './random.ts'

export interface AnswererParts {
  session: string
  doors: Doors
  journal: Journal
  random: Random
}

/** An answer that was accepted. */
export interface Accepted {
  ask: string
  outcome: AskOutcome
  by: string
  seq: number
}

/** Who answers what the agent asks: soon, late, or twice at once; as it is decided, or by nobody for a while. */
export class Answerer {
  readonly accepted: Accepted[] = []
  readonly #parts: AnswererParts
  /** When each ask is answered. */
  readonly #due = new Map<string, number>()
  #isHasty = false
  #isStopped = false

  constructor(parts: AnswererParts) {
    this.#parts = parts
  }

  async run(): Promise<void> {
    const { doors } = this.#parts
    while (!this.#isStopped) {
      const { asks } = await doors.info().catch(() => ({ asks: [] }))
      await Promise.all(((asks ?? []) as OpenAsk[]).map((ask) => this.#consider(ask)))
      await pause(this.#isHasty ? 1000 : 250)
    }
  }

  /** From now on nothing is left open. */
  hurry(): void {
    this.#isHasty = true
  }

  stop(): void {
    this.#isStopped = true
  }

  async #consider(open: OpenAsk): Promise<void> {
    const { journal, random } = this.#parts
    const due = this.#due.get(open.ask) ?? Date.now() + random.pick([0, 0, 300, 1000, 2500, 7000])
    if (!this.#due.has(open.ask)) journal.count('asks')
    this.#due.set(open.ask, due)
    if (Date.now() < due && !this.#isHasty) return
    const times = random.chance(0.25) ? 2 : 1
    await Promise.all(Array.from({ length: times }, () => this.#answer(open)))
  }

  async #answer(open: OpenAsk): Promise<void> {
    const { doors, journal, random } = this.#parts
    try {
      const accepted = (await doors.answer(open.ask, decide(open, random))) as unknown as Accepted
      journal.note('answered', accepted)
      this.accepted.push(accepted)
    } catch (error) {
      const isWrong = error instanceof Refused && error.code.startsWith('invalid')
      if (isWrong) journal.violate('an answer was refused', { open, error: String(error) })
    }
  }
}

/** What is answered. */
function decide({ data }: OpenAsk, random: Random): object {
  const { toolName, input } = data as { toolName: string; input: { questions?: { question: string }[] } }
  if (random.chance(0.15)) return { error: 'The user declines.' }
  if (toolName !== 'AskUserQuestion') {
    if (random.chance(0.2)) return { result: { behavior: 'deny', message: 'Better not.' } }
    return { result: { behavior: 'allow' } }
  }
  const answers = Object.fromEntries((input.questions ?? []).map(({ question }) => [question, 'Blue']))
  return { result: { behavior: 'allow', updatedInput: { questions: input.questions, answers } } }
}
