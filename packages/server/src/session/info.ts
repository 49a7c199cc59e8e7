import type { SessionInfo, SessionStatus } from '@claude-agent/protocol'
import type { Rest, SessionRecord } from './record.ts'
import { SessionState, type StateSnapshot } from './state.ts'

/** What a session is at this moment, beside its record and its events. */
export type SessionMoment = Pick<SessionInfo, 'status' | 'queuedPrompts' | 'log' | 'firstSeq' | 'lastSeq'> & {
  position?: number | undefined
}

/** A session as clients are told of it. */
export function describeSession(
  record: SessionRecord,
  state: SessionState,
  moment: SessionMoment,
): SessionInfo {
  const { id, title, metadata, options, limits, askTimeoutMs, interactive, createdAt, updatedAt, kind } =
    record
  const { questions = 'defer' } = record
  const { status, position, queuedPrompts, log, firstSeq, lastSeq } = moment
  const { sdkSessionId } = state.conversation
  return {
    id,
    ...(kind === undefined ? {} : { kind }),
    ...(title === undefined ? {} : { title }),
    metadata,
    options,
    limits,
    askTimeoutMs,
    interactive,
    questions,
    status,
    ...(position === undefined ? {} : { position }),
    queuedPrompts,
    asks: state.asks,
    usage: state.usageNow,
    ...(sdkSessionId === undefined ? {} : { sdkSessionId }),
    log,
    firstSeq,
    lastSeq,
    createdAt,
    updatedAt: Math.max(updatedAt, state.lastAt),
  }
}

/** A session that was not opened since the start of the server. */
export function describeResting(record: SessionRecord, { state, ...moment }: Rest): SessionInfo {
  const status = restingStatus(record, state)
  return describeSession(record, new SessionState(state), { ...moment, status, queuedPrompts: 0 })
}

function restingStatus({ hasSecrets }: SessionRecord, state: StateSnapshot): SessionStatus {
  if (state.asks.length > 0) return 'requires_action'
  if (hasSecrets) return 'credentials_required'
  return state.status === 'failed' ? 'failed' : 'idle'
}
