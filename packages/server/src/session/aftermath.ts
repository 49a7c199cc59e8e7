import type { NewEvent, PromptOutcome } from '@claude-agent/protocol'
import type { Attempts } from './attempts.ts'
import type { Recovery } from './recovery.ts'
import { asServerError, historyLost } from './refusals.ts'
import type { AcceptedPrompt } from './state.ts'
import type { Turn } from './turn.ts'

export interface AftermathParts {
  publish: (event: NewEvent) => void
  /** What becomes of prompts whose agent has died, as the transcript tells. */
  recover: (prompts: readonly AcceptedPrompt[]) => Promise<Recovery>
  attempts: Attempts
  end: (uuid: string, outcome: PromptOutcome) => void
}

/** What follows the death of an agent: which of its prompts run anew, which go on after an answer, which have ended. */
export class Aftermath {
  readonly #parts: AftermathParts

  constructor(parts: AftermathParts) {
    this.#parts = parts
  }

  /** Settles the turns that the agent had; gives the prompts that are not over. Never rejects. */
  async of(lost: readonly Turn[]): Promise<Pick<Recovery, 'again' | 'suspended'>> {
    const { publish, recover, end } = this.#parts
    try {
      const { events, again, suspended } = await recover(lost.map(({ prompt }) => prompt))
      for (const event of events) publish(event)
      return {
        again: again.filter((prompt) => this.#mayRunAnew(prompt, lost)),
        suspended: suspended.filter((prompt) => this.#mayGoOn(prompt, lost)),
      }
    } catch (error) {
      publish({ type: 'error', ...asServerError(error).toJSON() })
      for (const { prompt } of lost) end(prompt.uuid, 'failed')
      return { again: [], suspended: [] }
    }
  }

  /** A prompt that the model never heard of is run anew, unless that was to be stopped, or fails for ever. */
  #mayRunAnew(prompt: AcceptedPrompt, lost: readonly Turn[]): boolean {
    const { attempts, end } = this.#parts
    if (lost.some((turn) => turn.prompt === prompt && turn.isInterrupted)) end(prompt.uuid, 'cancelled')
    else if (attempts.mayTryAgain(prompt)) return true
    else end(prompt.uuid, 'failed')
    return false
  }

  /** A question that the agent does not take up again, however often it is started, is not open any more. */
  #mayGoOn(prompt: AcceptedPrompt, lost: readonly Turn[]): boolean {
    const { attempts, end, publish } = this.#parts
    if (!lost.some((turn) => turn.prompt === prompt && turn.goesOn && !turn.isStarted)) return true
    if (attempts.mayTryAgain(prompt)) return true
    const error = historyLost(
      'The agent does not know its question any more: the turn ends without its answer.',
    )
    publish({ type: 'error', ...error.toJSON() })
    end(prompt.uuid, 'interrupted')
    return false
  }
}
