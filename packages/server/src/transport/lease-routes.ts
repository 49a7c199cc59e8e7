import type { Lease as LeaseBody } from '@claude-agent/protocol'
import { extendLease } from '@claude-agent/protocol/schema'
import { Hono } from 'hono'
import type { Lease } from '../lease.ts'
import { limitBody, readBody } from './body.ts'

/** `POST /lease`: how long the server lives from now on, also where it had no end before. */
export function createLeaseRoutes(lease: Lease, maxBodyBytes: number): Hono {
  const app = new Hono()
  app.post('/', limitBody(maxBodyBytes), async (c) => {
    const { timeoutMs } = await readBody(c, extendLease, 'invalid_request')
    lease.extend(timeoutMs)
    return c.json({ timeoutMs } satisfies LeaseBody)
  })
  return app
}
