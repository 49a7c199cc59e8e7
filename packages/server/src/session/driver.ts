import type { NewEvent, QueryConfig, SessionStatus } from '@claude-agent/protocol'
import type { AgentHost } from '../agent/agent-host.ts'
import type { ProcessPool } from '../agent/process-pool.ts'
import type { Feed } from '../log/feed.ts'
import type { SessionRecord } from './record.ts'
import type { SessionEnd } from './session.ts'
import type { SessionState } from './state.ts'

/** What drives a session in place of prompts: a client that has the agent's process to itself. See `stdio/`. */
export interface Driver {
  readonly status: SessionStatus
  /** With `queued`: its place in the line. */
  readonly position: number | undefined
  /** It has a process, or is about to. */
  readonly isActive: boolean
  readonly processId: number | undefined
  /** Ends the process; resolves when nothing of it is left. */
  close(end: SessionEnd): Promise<void>
}

/** What of a session is given to its driver. */
export interface DriverMeans {
  state: SessionState
  feed: Feed
  host: AgentHost
  pool: ProcessPool
  record: () => SessionRecord
  /** The options with their secrets. */
  config: () => QueryConfig
  /** Throws when no agent can be started. */
  requireStartable: () => void
  publish: (event: NewEvent) => void
  /** Its status may have changed. */
  onChange: () => void
}
