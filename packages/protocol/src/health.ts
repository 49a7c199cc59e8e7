/** `GET /health`, without authentication. */
export interface Health {
  status: 'ok' | 'stopping'
  version: string
  protocol: number
  /** True while the server has not been given its token and answers nothing else. */
  sealed: boolean
}
