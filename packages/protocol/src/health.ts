/** How far the copy of all sessions outside of the server is. */
export interface MirrorHealth {
  /** `full`: nothing more is put up for it until there is room, or the store takes something. */
  state: 'ok' | 'failing' | 'full'
  /** Bytes that wait to be taken by the store. */
  pendingBytes: number
  /** How long the oldest of them has waited, in milliseconds. */
  lagMs: number
}

/** `GET /health`, without authentication. */
export interface Health {
  status: 'ok' | 'stopping'
  version: string
  protocol: number
  /** True while the server has not been given its token and answers nothing else. */
  sealed: boolean
  /** Why it is sealed still, after a seal file that was wrong or a start that failed. Holds no value of that file. */
  error?: string
  /** With `CLAUDE_AGENT_MIRROR`. */
  mirror?: MirrorHealth
}
