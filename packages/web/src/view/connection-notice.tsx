import { useEffect, useState } from 'preact/hooks'
import { NEW_SESSION } from '../conversation/address.ts'
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
  const isGone = error?.code === 'session_not_found' || error?.code === 'session_deleted'
  if (connection.status === 'connecting' && error === undefined) return null
  return (
    <section class="notice-bar" aria-label="Connection">
      <div class="column notice-row">
        <div role="alert">
          <strong>{error?.message}</strong>
          <p>{isGone ? <a href={NEW_SESSION}>Begin a new session</a> : error?.hint}</p>
        </div>
        <div class="notice-action">
          {connection.status === 'waiting' && <Countdown untilMs={connection.retryAtMs} />}
          {!isGone && (
            <button type="button" onClick={onRetry} disabled={connection.status === 'connecting'}>
              {connection.status === 'connecting' ? 'Trying…' : 'Try again'}
            </button>
          )}
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
