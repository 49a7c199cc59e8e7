import { AgentServerError } from '@claude-agent/protocol'
import type { Context } from 'hono'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

/** How many entries a page may have: `?limit=`. @throws AgentServerError `invalid_request` */
export function readLimit(c: Context): number {
  const text = c.req.query('limit')
  if (text === undefined) return DEFAULT_LIMIT
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= MAX_LIMIT) return limit
  throw new AgentServerError({
    code: 'invalid_request',
    message: `limit is ${JSON.stringify(text.slice(0, 100))}; it must be a number from 1 to ${MAX_LIMIT}.`,
    hint: `Leave it out for ${DEFAULT_LIMIT}.`,
  })
}
