/** `GET /health`, without authentication. */
export interface Health {
  status: 'ok' | 'stopping'
  version: string
  protocol: number
  /** True while the server has not been given its token and answers nothing else. */
  sealed: boolean
  /** Why it is sealed still, after a seal file that was wrong or a start that failed. Holds no value of that file. */
  error?: string
}
