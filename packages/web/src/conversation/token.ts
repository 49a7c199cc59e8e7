const KEY = 'claude-agent-token'
const FRAGMENT = /^#token=(.+)$/

/** The token of this tab: from a `#token=…` link, which leaves the address bar at once, or from before a reload. */
export function readToken(): string | undefined {
  const linked = FRAGMENT.exec(location.hash)?.[1]
  if (linked !== undefined) {
    history.replaceState(history.state, '', location.pathname + location.search)
    keepToken(decode(linked))
  }
  return sessionStorage.getItem(KEY) ?? undefined
}

/** Keeps the token until the tab is closed. */
export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token)
}

/** Forgets a token that the server refused. */
export function forgetToken(): void {
  sessionStorage.removeItem(KEY)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
