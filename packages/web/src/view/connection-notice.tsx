import { useEffect, useState } from 'preact/hooks'
import type { Connection } from '../conversation/connection.ts'
import { TokenForm } from './token-form.tsx'

interface Props {
  connection: Connection
  onRetry: () => void
  onToken: (token: string) => void
}

/** Why there is no connection, and what can be done about it. */
export function ConnectionNotice({ connection, onRetry, onToken }: Props) {
  if (connection.status === 'token_needed')
    return <TokenForm refused={connection.refused} onToken={onToken} />
  if (connection.status === 'connected') return null
  const { error } = connection
  if (connection.status === 'connecting' && error === undefined) return null
  const busyElsewhere = error?.code === 'already_connected'
  return (
    <section class="notice-bar" aria-label="Connection">
      <div class="column notice-row">
        <div role="alert">
          <strong>
            {busyElsewhere ? 'Another client holds the connection.' : (error?.message ?? 'Disconnected.')}
          </strong>
          <p>
            {busyElsewhere
              ? 'The server talks to one client at a time. Close the other one, or wait until it leaves.'
              : error?.hint}
          </p>
        </div>
        <div class="notice-action">
          {connection.status === 'waiting' && <Countdown untilMs={connection.retryAtMs} />}
          <button type="button" onClick={onRetry} disabled={connection.status === 'connecting'}>
            {connection.status === 'connecting' ? 'Trying…' : 'Try again'}
          </button>
        </div>
      </div>
    </section>
  )
}

function Countdown({ untilMs }: { untilMs: number }) {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [untilMs])
  const seconds = Math.max(0, Math.ceil((untilMs - now) / 1000))
  return <span class="muted">{seconds === 0 ? 'Trying again…' : `Trying again in ${seconds} s`}</span>
}
