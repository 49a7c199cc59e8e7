/** The close codes that this server uses, each with what a client should do. */
export const CLOSE_CODES = {
  1012: { name: 'restarting', retry: true },
  4401: { name: 'unauthorized', retry: false },
  4404: { name: 'session_not_found', retry: false },
  4408: { name: 'auth_timeout', retry: true },
  4409: { name: 'already_connected', retry: true },
  4429: { name: 'too_many_connections', retry: true },
  4499: { name: 'lagged', retry: true },
} as const

export type CloseCode = keyof typeof CLOSE_CODES
