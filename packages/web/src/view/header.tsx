import type { Connection } from '../conversation/connection.ts'

interface Props {
  connection: Connection
  busy: boolean
  showAll: boolean
  onShowAll: (showAll: boolean) => void
}

const LABELS: Record<Connection['status'], string> = {
  connecting: 'Connecting…',
  connected: 'Connected',
  waiting: 'Not connected',
  token_needed: 'Token needed',
  failed: 'Not connected',
}

/** Name, state of the connection, and what is shown. */
export function Header({ connection, busy, showAll, onShowAll }: Props) {
  const label = connection.status === 'connected' && busy ? 'Working…' : LABELS[connection.status]
  return (
    <header class="header">
      <div class="column header-row">
        <h1>
          <img src="/favicon.svg" alt="" width="22" height="22" />
          claude-agent-server
        </h1>
        <p class="state" role="status" data-status={busy ? 'busy' : connection.status}>
          {label}
        </p>
        <button
          type="button"
          class="quiet"
          aria-pressed={showAll}
          aria-label="All messages"
          title="Also show progress and housekeeping messages"
          onClick={() => onShowAll(!showAll)}
        >
          All<span class="wide"> messages</span>
        </button>
      </div>
    </header>
  )
}
