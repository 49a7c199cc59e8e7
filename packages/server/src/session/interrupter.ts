import type { NewEvent } from '@claude-agent/protocol'
import type { AgentSlot } from './agent-slot.ts'
import type { Turn } from './turn.ts'

/** What an agent that starts gets to take a prompt that was interrupted. */
const START_PATIENCE_MS = 5_000
/** What an agent gets to heed an interrupt before its process is ended. */
const INTERRUPT_MS = 5_000

export interface InterrupterParts {
  slot: AgentSlot
  publish: (event: NewEvent) => void
  /** Whether a turn has not ended. */
  isUnderWay: (turn: Turn) => boolean
  /** Ends a turn that no agent has begun. */
  takeBack: (turn: Turn) => void
}

/** Stops turns: by asking the agent, and when that does not heed, by ending its process. */
export class Interrupter {
  readonly #parts: InterrupterParts

  constructor(parts: InterrupterParts) {
    this.#parts = parts
  }

  /** One that the agent has not begun yet is interrupted as soon as it has: an interrupt would overtake it. */
  interrupt(turn: Turn): void {
    turn.interrupt()
    if (turn.isStarted) this.reach(turn)
    else if (turn.isHandedOver) this.#endUnlessHeeded(turn)
    else setTimeout(() => this.#takeBack(turn), START_PATIENCE_MS).unref()
  }

  /** The turn has begun in the agent. */
  reach(turn: Turn): void {
    const { slot, publish } = this.#parts
    slot.agent?.interrupt().catch((error: Error) => {
      publish({
        type: 'error',
        error: `The turn could not be interrupted: ${error.message}`,
        code: 'internal',
      })
    })
    this.#endUnlessHeeded(turn)
  }

  #endUnlessHeeded(turn: Turn): void {
    const { slot, isUnderWay } = this.#parts
    setTimeout(() => {
      if (isUnderWay(turn)) void slot.end('interrupt')
    }, INTERRUPT_MS).unref()
  }

  #takeBack(turn: Turn): void {
    const { isUnderWay, takeBack } = this.#parts
    if (isUnderWay(turn) && !turn.isHandedOver && !turn.goesOn) takeBack(turn)
  }
}
