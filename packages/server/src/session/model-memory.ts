import { setTimeout as delay } from 'node:timers/promises'
import type { QueryConfig } from '@claude-agent/protocol'
import type { AgentHost } from '../agent/agent-host.ts'
import type { Transcript } from '../agent/transcript.ts'
import type { Feed } from '../log/feed.ts'
import { recover, type Recovery } from './recovery.ts'
import type { AcceptedPrompt, SessionState } from './state.ts'

/** Looks at the transcript for a prompt that was interrupted at once, and the pause before each. */
const LOOKS = 5
const LOOK_MS = 100

export interface ModelMemoryParts {
  host: AgentHost
  feed: Feed
  state: SessionState
  config: () => QueryConfig
}

/** What the model remembers of a session, which is what decides about prompts: the CLI's transcript. */
export class ModelMemory {
  readonly #parts: ModelMemoryParts

  constructor(parts: ModelMemoryParts) {
    this.#parts = parts
  }

  /** Whether a prompt has entered the conversation. The CLI writes what no model was asked for a moment later. */
  async hasEntered({ uuid }: AcceptedPrompt): Promise<boolean> {
    for (let look = 0; look < LOOKS; look += 1) {
      await delay(LOOK_MS)
      if ((await this.#read())?.hasPrompt(uuid)) return true
    }
    return false
  }

  /** What becomes of prompts whose agent has died. */
  async recover(prompts: readonly AcceptedPrompt[]): Promise<Recovery> {
    const { feed, state } = this.#parts
    await feed.settled()
    return recover(prompts, state, await this.#read())
  }

  async #read(): Promise<Transcript | undefined> {
    const { host, state, config } = this.#parts
    const { sdkSessionId } = state.conversation
    return sdkSessionId === undefined ? undefined : await host.readTranscript(sdkSessionId, config())
  }
}
