import { AgentServerError } from '@claude-agent/protocol'
import type { Session } from './session.ts'
import type { SessionStore } from './store.ts'

/** Pause after the last event before a session is written down as being at rest. */
const REST_MS = 500

/** Writes down how sessions are that have nothing left to do, so that the next start need not open them. */
export class Resting {
  readonly #store: SessionStore
  readonly #timers = new Map<string, NodeJS.Timeout>()
  #isClosed = false

  constructor(store: SessionStore) {
    this.#store = store
  }

  /** A session has come to rest: it is written down in a moment, when it still has. */
  later(session: Session): void {
    if (this.#isClosed) return
    this.forget(session.id)
    const timer = setTimeout(() => {
      this.#timers.delete(session.id)
      void this.write(session)
    }, REST_MS)
    this.#timers.set(session.id, timer.unref())
  }

  forget(id: string): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
  }

  /** Nothing is written later any more. */
  close(): void {
    this.#isClosed = true
    for (const id of this.#timers.keys()) this.forget(id)
  }

  async write(session: Session): Promise<void> {
    try {
      if (!session.isAtRest) return
      await session.feed.settled()
      const { id, firstSeq, lastSeq } = session.feed
      const state = session.state.snapshot
      if (state.seq !== lastSeq) return
      const bytes = this.#store.sizeOfLog(session.id)
      const record = { ...session.record, rest: { state, log: id, firstSeq, lastSeq, bytes } }
      await this.#store.save(record, false)
      if (session.processId === undefined && !this.#isClosed) await session.feed.release()
    } catch (error) {
      // A full disk, for one: without it the session is opened at the next start, which is all.
      if (!(error instanceof AgentServerError) && !('code' in (error as Error))) throw error
    }
  }
}
