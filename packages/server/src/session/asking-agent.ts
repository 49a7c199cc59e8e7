import { drawUuid } from '../random.ts'
import { setTimeout as delay } from 'node:timers/promises'
import type { AskData, AskKind, AskResult } from '@claude-agent/protocol'
import { QUESTION_TOOL, type Asking } from '../agent/asking.ts'
import type { Asks } from './asks.ts'
import type { SessionState } from './state.ts'

/** How long an agent that takes an ask back is looked at, to tell whether it does so because it died. */
const DYING_MS = 100

/** What the agent of a session asks, turned into asks. A question to the user is deferred, until it has its answer. */
export class AskingAgent implements Asking {
  readonly #state: SessionState
  readonly #asks: Asks
  readonly #isAlive: () => boolean
  readonly #onDefer: () => Promise<void>
  /** The question that was asked in this turn. */
  #question: string | undefined

  /** @param onDefer the turn is about to end for now */
  constructor(state: SessionState, asks: Asks, isAlive: () => boolean, onDefer: () => Promise<void>) {
    this.#state = state
    this.#asks = asks
    this.#isAlive = isAlive
    this.#onDefer = onDefer
  }

  ask(kind: AskKind, data: AskData, signal: AbortSignal): Promise<AskResult> {
    const tool = kind === 'can_use_tool' && 'toolName' in data ? data : undefined
    const settled = tool === undefined ? undefined : this.#state.settled(tool.toolUseID)
    if (settled?.result !== undefined) return Promise.resolve(settled.result)
    if (settled !== undefined && tool?.toolName === QUESTION_TOOL) {
      return Promise.resolve({ behavior: 'deny', message: 'The question was closed.', interrupt: true })
    }
    const isNew = tool !== undefined && settled === undefined
    return this.#asks.open(isNew ? tool.toolUseID : drawUuid(), kind, data, this.#unlessDying(signal))
  }

  async onQuestion(toolUseId: string): Promise<'defer' | 'pass' | 'refuse'> {
    if (this.#state.settled(toolUseId) !== undefined) return 'pass'
    if (this.#question !== undefined && this.#question !== toolUseId) return 'refuse'
    this.#question = toolUseId
    await this.#onDefer()
    return 'defer'
  }

  answerTo(toolUseId: string): AskResult | undefined {
    return this.#state.settled(toolUseId)?.result
  }

  /** A turn is over: the next one may ask again. */
  endTurn(): void {
    this.#question = undefined
  }

  /** A signal that is not given when the agent takes an ask back only because it dies. */
  #unlessDying(signal: AbortSignal): AbortSignal {
    const controller = new AbortController()
    const withdraw = async (): Promise<void> => {
      await delay(DYING_MS)
      if (this.#isAlive()) controller.abort()
    }
    signal.addEventListener('abort', () => void withdraw(), { once: true })
    return controller.signal
  }
}
