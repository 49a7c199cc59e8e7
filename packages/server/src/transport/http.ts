import { AgentServerError, PROTOCOL_VERSION, type Health, type MirrorHealth } from '@claude-agent/protocol'
import { Hono, type Context, type Next } from 'hono'
import type { Access } from './access.ts'
import { headersOf, statusOf, toServerError } from './errors.ts'

export interface HttpParts {
  access: Access
  version: string
  isStopping: () => boolean
  mirror?: (() => MirrorHealth) | undefined
  page: Hono
  config: Hono
  files: Hono
  sessions: Hono
  transcripts: Hono
  lease: Hono
}

/** Addresses that speak WebSocket: a plain GET of them is told so. */
const SOCKETS = ['/ws', '/files/watch', '/sessions/:id/ws']

/** Every HTTP address of the server. Handlers return values or throw; this is the edge that answers. */
export function createHttp(parts: HttpParts): Hono {
  const { access, version, isStopping, mirror, page, config, files, sessions, transcripts, lease } = parts
  const app = new Hono()
  app.onError((error, c) => {
    const known = toServerError(error, c.req.raw.signal.aborted)
    return c.json(known.toJSON(), statusOf(known), headersOf(known))
  })
  app.notFound((c) => {
    const error = new AgentServerError({
      code: 'not_found',
      message: `There is nothing at ${c.req.method} ${c.req.path}.`,
      hint: 'The addresses are in PROTOCOL.md.',
    })
    return c.json(error.toJSON(), 404)
  })
  app.use(async (c, next) => checkSource(access, c, next))
  app.get('/health', (c) =>
    c.json({
      status: isStopping() ? 'stopping' : 'ok',
      version,
      protocol: PROTOCOL_VERSION,
      sealed: false,
      ...(mirror === undefined ? {} : { mirror: mirror() }),
    } satisfies Health),
  )
  app.route('/', page)
  app.use(async (c, next) => {
    access.checkAuthorization(c.req.header('authorization'))
    await next()
  })
  for (const path of SOCKETS) app.get(path, (c) => Promise.reject(upgradeNeeded(c.req.path)))
  app.route('/config', config)
  app.route('/files', files)
  app.route('/sessions', sessions)
  app.route('/transcripts', transcripts)
  app.route('/lease', lease)
  return app
}

/** Refuses strangers, and lets the pages that may speak read the answers. */
async function checkSource(access: Access, c: Context, next: Next): Promise<Response | void> {
  const origin = c.req.header('origin')
  const host = c.req.header('host')
  // The page itself may be linked to from anywhere: it holds nothing.
  const fetchSite = c.req.path === '/' ? undefined : c.req.header('sec-fetch-site')
  access.checkSource({ host, origin, authorization: undefined, fetchSite })
  c.header('x-content-type-options', 'nosniff')
  c.header('cross-origin-resource-policy', 'same-origin')
  if (origin !== undefined) {
    c.header('access-control-allow-origin', origin)
    c.header(
      'access-control-expose-headers',
      'accept-ranges, content-length, content-range, etag, last-modified, retry-after',
    )
    c.header('vary', 'origin')
  }
  if (c.req.method !== 'OPTIONS') return await next()
  c.header('access-control-allow-methods', 'GET, HEAD, POST, PUT, PATCH, DELETE')
  c.header(
    'access-control-allow-headers',
    'authorization, content-type, range, if-match, if-none-match, if-range, last-event-id',
  )
  c.header('access-control-max-age', '600')
  return c.body(null, 204)
}

function upgradeNeeded(path: string): AgentServerError {
  return new AgentServerError({
    code: 'invalid_request',
    message: `${path} speaks WebSocket.`,
    hint: `Connect to ws://…${path}.`,
  })
}
