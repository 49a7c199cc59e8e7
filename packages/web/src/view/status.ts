import type { SessionStatus } from '@claude-agent/client'
import type { Connection } from '../conversation/connection.ts'
import type { Transcript } from '../transcript/transcript.ts'

const NOT_CONNECTED: Record<Exclude<Connection['status'], 'connected'>, string> = {
  connecting: 'Connecting…',
  waiting: 'Not connected',
  token_needed: 'Token needed',
  failed: 'Not connected',
}

const CONNECTED: Record<SessionStatus, string> = {
  idle: 'Idle',
  queued: 'Queued',
  running: 'Working…',
  requires_action: 'Needs an answer',
  credentials_required: 'Credentials needed',
  failed: 'Failed',
  closed: 'Deleted',
}

/** The connection and the session in a few words, and what kind of news that is. */
export function describeStatus(
  connection: Connection,
  { status, position }: Pick<Transcript, 'status' | 'position'>,
): { label: string; tone: string } {
  if (connection.status !== 'connected') {
    const isOffline = connection.status === 'waiting' && !navigator.onLine
    return { label: isOffline ? 'Offline' : NOT_CONNECTED[connection.status], tone: connection.status }
  }
  if (status === undefined) return { label: 'Connected', tone: 'idle' }
  if (status === 'queued' && position !== undefined) {
    return { label: position === 0 ? 'Queued: next' : `Queued: ${position} before it`, tone: status }
  }
  return { label: CONNECTED[status] ?? status, tone: status }
}
