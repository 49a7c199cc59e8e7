import type { AskResult } from '@claude-agent/client'
import { createContext } from 'preact'

/** What can be done from within a card. */
export interface Actions {
  /** The name of this tab, by which events say that it answered. */
  client: string
  /** Rejects with what was wrong with the answer. */
  answer: (ask: string, answer: { result: AskResult } | { reason: string }) => Promise<void>
  /** Takes a prompt back that waits. */
  cancel: (uuid: string) => void
}

export const ActionsContext = createContext<Actions>({
  client: '',
  answer: () => Promise.resolve(),
  cancel: () => {},
})
