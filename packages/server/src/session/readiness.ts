import { AgentServerError, type QueryConfig } from '@claude-agent/protocol'
import type { AgentHost } from '../agent/agent-host.ts'
import type { Admission } from './admission.ts'
import type { Engine } from './engine.ts'
import type { SessionRecord } from './record.ts'
import { credentialsRequired, noModelAccess, queueFull, stopping } from './refusals.ts'
import type { SessionState } from './state.ts'
import { budgetReached, reachedLimit } from './usage.ts'

/** Characters of prompts that may wait; one more is taken up to here. */
const MAX_QUEUED_SIZE = 64 * 1024 * 1024

export interface ReadinessParts {
  id: string
  host: AgentHost
  /** The most prompts that may wait. */
  maxQueuedPrompts: number
  state: SessionState
  engine: Engine
  options: { areComplete: boolean; config: QueryConfig }
  record: () => SessionRecord
  admission: () => Admission
  hasEnded: () => boolean
}

/** Whether a session can do what it is asked now. */
export class Readiness {
  readonly #parts: ReadinessParts

  constructor(parts: ReadinessParts) {
    this.#parts = parts
  }

  /** An agent can be had. @throws AgentServerError `server_stopping`, `credentials_required`, `no_model_access` */
  requireStartable(): void {
    const { id, host, options, hasEnded } = this.#parts
    if (hasEnded()) throw stopping()
    if (!options.areComplete) throw credentialsRequired(id)
    if (host.access(options.config).kind === 'none') throw noModelAccess()
  }

  /** A prompt can be taken. @throws AgentServerError `budget_reached`, `queue_full`, `storage_full`, and the above */
  requireAble(): void {
    const { state, engine, record, admission, maxQueuedPrompts } = this.#parts
    this.requireStartable()
    const reached = reachedLimit(state.usageNow, record().limits)
    if (reached !== undefined) throw budgetReached(reached)
    if (engine.feed.fault instanceof AgentServerError) throw engine.feed.fault
    const { waitingSize, isRunning, waiting: queued } = engine.runner
    const { pending, pendingSize } = admission()
    const waiting = queued + pending - (isRunning ? 0 : 1)
    if (waiting >= maxQueuedPrompts || waitingSize + pendingSize > MAX_QUEUED_SIZE) throw queueFull(waiting)
  }
}
