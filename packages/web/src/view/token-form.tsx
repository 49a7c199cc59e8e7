import { useEffect, useRef } from 'preact/hooks'

interface Props {
  refused: boolean
  onToken: (token: string) => void
}

/** Asks for the server's token. */
export function TokenForm({ refused, onToken }: Props) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  const submit = (event: Event) => {
    event.preventDefault()
    const token = input.current?.value.trim() ?? ''
    if (token !== '') onToken(token)
  }
  return (
    <section class="notice-bar" aria-label="Token">
      <form class="column token-form" onSubmit={submit}>
        <label for="token">This server asks for its token.</label>
        <input
          id="token"
          ref={input}
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          aria-describedby="token-help"
          aria-invalid={refused}
        />
        <button type="submit" class="primary">
          Connect
        </button>
        <p id="token-help" role={refused ? 'alert' : undefined} class={refused ? 'bad' : 'muted'}>
          {refused
            ? 'The server refused this token. It is the value of CLAUDE_AGENT_TOKEN where the server runs.'
            : 'It is the value of CLAUDE_AGENT_TOKEN where the server runs. It stays in this tab.'}
        </p>
      </form>
    </section>
  )
}
