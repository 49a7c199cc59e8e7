import type { NewEvent } from '@claude-agent/protocol'
import type { Asks } from './asks.ts'
import type { ModelMemory } from './model-memory.ts'
import type { Runner } from './runner.ts'
import type { AcceptedPrompt, SessionState } from './state.ts'

export interface RestorationParts {
  state: SessionState
  asks: Asks
  memory: ModelMemory
  runner: Runner
  publish: (event: NewEvent) => void
  /** What waits when the server ends, is dropped. */
  isPlain: boolean
}

/** Takes up what was open in a session when the server ended, however that was. */
export async function restoreSession(parts: RestorationParts): Promise<void> {
  const { state, asks, memory, runner, publish, isPlain } = parts
  state.restart()
  for (const ask of state.asks) {
    if (ask.deferred) asks.restore(ask)
    else publish({ type: 'ask_settled', ask: ask.ask, outcome: 'lost' })
  }
  if (state.hasAgent) {
    const cause = 'the server ended without a word, and the agent with it'
    publish({ type: 'agent_exited', code: null, signal: null, cause, resumable: true })
  }
  const open = state.openPrompts
  if (open.length === 0) return
  const recovery = await memory.recover(open)
  for (const event of recovery.events) publish(event)
  const { again, suspended } = recovery
  // One that was accepted elsewhere is run there, if anywhere.
  const isDropped = ({ seq }: AcceptedPrompt): boolean => isPlain || seq <= state.copiedSeq
  for (const { uuid } of again.filter(isDropped))
    publish({ type: 'prompt_ended', uuid, outcome: 'cancelled' })
  runner.restore({ again: again.filter((prompt) => !isDropped(prompt)), suspended })
}
