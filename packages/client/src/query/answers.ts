import type { AskKind, AskResult } from '@claude-agent/protocol'
import type { Session } from '../session/session.ts'
import type { Ask } from '../session/types.ts'
import type { Callbacks } from './plan.ts'

/** Answers what the agent asks, by the callbacks of a query. What has none is left to others. */
export class Answers {
  readonly #session: Session
  readonly #callbacks: Callbacks
  readonly #running = new Map<string, AbortController>()
  readonly #ends: (() => void)[]

  /** Begins, with the asks that are open now. */
  constructor(session: Session, callbacks: Callbacks) {
    this.#session = session
    this.#callbacks = callbacks
    this.#ends = [
      session.on('ask', (ask) => this.#answer(ask)),
      session.on('ask_settled', ({ ask }) => this.#withdraw(ask)),
    ]
  }

  /** Ends; callbacks that run hear of it by their signal. */
  close(): void {
    for (const end of this.#ends) end()
    for (const ask of this.#running.keys()) this.#withdraw(ask)
  }

  async #answer(ask: Ask): Promise<void> {
    if (this.#running.has(ask.ask)) return
    const abort = new AbortController()
    const { signal } = abort
    this.#running.set(ask.ask, abort)
    try {
      const result = await this.#call(ask, signal)
      if (result !== undefined && !signal.aborted) await this.#session.answer(ask.ask, result, { signal })
    } catch (error) {
      if (!signal.aborted) await this.#decline(ask, error as Error, signal)
    } finally {
      this.#running.delete(ask.ask)
    }
  }

  /** What the callback says; undefined where there is none, or it leaves the ask to others. */
  async #call({ ask, kind, data }: Ask, signal: AbortSignal): Promise<AskResult | undefined> {
    const { canUseTool, onElicitation, onUserDialog } = this.#callbacks
    const about = { signal, requestId: ask }
    const call: Record<AskKind, () => Promise<AskResult | null> | undefined> = {
      can_use_tool: () => {
        const { toolName, input, ...rest } = data as Extract<Ask, { kind: 'can_use_tool' }>['data']
        return canUseTool?.(toolName, input, { ...rest, ...about })
      },
      elicitation: () => onElicitation?.(data as never, about),
      dialog: () => onUserDialog?.(data as never, about),
    }
    return (await call[kind]()) ?? undefined
  }

  /** In the words in which Claude Code tells the model of a callback that failed. */
  async #decline({ ask, kind }: Ask, error: Error, signal: AbortSignal): Promise<void> {
    const why = kind === 'can_use_tool' ? `Tool permission request failed: ${String(error)}` : String(error)
    // Somebody else may have been quicker; else it stays open for them.
    await this.#session.decline(ask, why, { signal }).catch(() => {})
  }

  #withdraw(ask: string): void {
    this.#running.get(ask)?.abort()
  }
}
