import type { SessionStatus } from '@claude-agent/client'

/** What somebody must do outside of this page before the session goes on. */
export function SessionNotice({ status }: { status: SessionStatus | undefined }) {
  if (status !== 'credentials_required') return null
  return (
    <section class="notice-bar" aria-label="Session">
      <div class="column notice-row">
        <div>
          <strong>This session needs its credentials again.</strong>
          <p>
            Secrets are kept in memory only, and the server was started anew. The session goes on when it is
            created once more with the same id and options.
          </p>
        </div>
      </div>
    </section>
  )
}
