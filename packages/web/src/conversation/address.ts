const SESSION = /^#([\w-]{1,64})$/

/** The session that the address of this page names. */
export function readSessionId(): string | undefined {
  return SESSION.exec(location.hash)?.[1]
}

/** Puts a session into the address, so that a reload and whoever is given it come to the same one. */
export function showSessionId(id: string): void {
  history.pushState(null, '', `#${id}`)
}

/** The address of a page without a session, as a link. */
export const NEW_SESSION = '#'

/** Leaves the session of the address. */
export function leaveSession(): void {
  location.hash = NEW_SESSION
}
