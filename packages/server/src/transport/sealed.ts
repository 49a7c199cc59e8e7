import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { AgentServerError, PROTOCOL_VERSION, type Health } from '@claude-agent/protocol'
import { Hono } from 'hono'
import { headersOf, statusOf } from './errors.ts'
import { refuse } from './upgrade.ts'

const RETRY_AFTER_MS = 1000

/** What a sealed server answers: `GET /health`, and to everything else that it is sealed. */
export function createSealedHttp(version: string, error: () => string | undefined): Hono {
  const app = new Hono()
  app.get('/health', (c) => {
    const fault = error()
    return c.json({
      status: 'ok',
      version,
      protocol: PROTOCOL_VERSION,
      sealed: true,
      ...(fault === undefined ? {} : { error: fault }),
    } satisfies Health)
  })
  app.all('*', (c) => {
    const refusal = sealed()
    return c.json(refusal.toJSON(), statusOf(refusal), headersOf(refusal))
  })
  return app
}

/** Lets a server that listens answer as a sealed one, upgrades too. */
export function attachSealed(server: Server, app: Hono): void {
  const answer = getRequestListener(app.fetch)
  server.on('request', (request, response) => void answer(request, response))
  server.on('upgrade', (_request: IncomingMessage, raw: Duplex) => {
    raw.on('error', () => raw.destroy())
    refuse(raw, sealed())
  })
}

function sealed(): AgentServerError {
  return new AgentServerError({
    code: 'sealed',
    message: 'This server was not given its token yet.',
    hint: 'Ask GET /health until it says `sealed: false`.',
    retryAfterMs: RETRY_AFTER_MS,
  })
}
