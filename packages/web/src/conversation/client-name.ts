const KEY = 'claude-agent-client'

/** The name by which others are told that this tab answered; the tab keeps it over a reload. */
export function readClientName(): string {
  const known = sessionStorage.getItem(KEY)
  if (known !== null) return known
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => {
    return String.fromCharCode(97 + (byte % 26))
  })
  const name = `page-${letters.join('')}`
  sessionStorage.setItem(KEY, name)
  return name
}
