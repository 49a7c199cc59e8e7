import { createHash, timingSafeEqual } from 'node:crypto'
import { AgentServerError } from '@claude-agent/protocol'

export interface AccessOptions {
  /** The one token; without it only loopback is served, and `Origin` and `Host` say who may speak. */
  token?: string | undefined
  allowedOrigins: readonly string[]
  allowedHosts: readonly string[]
}

/** The headers that decide. */
export interface Caller {
  host: string | undefined
  origin: string | undefined
  authorization: string | undefined
  /** What a browser says of where a request without `Origin` comes from: `Sec-Fetch-Site`. */
  fetchSite?: string | undefined
}

/** Decides who may speak: one bearer token, or on loopback without one the page's own origin and a loopback host. */
export class Access {
  readonly #options: AccessOptions
  readonly #token: Buffer | undefined

  constructor(options: AccessOptions) {
    this.#options = options
    this.#token = options.token === undefined ? undefined : digest(options.token)
  }

  get needsToken(): boolean {
    return this.#token !== undefined
  }

  /** @throws AgentServerError `host_refused`, `origin_refused`: from where a request may come at all */
  checkSource({ host, origin, fetchSite }: Caller): void {
    const { allowedHosts } = this.#options
    const anyHost = this.needsToken && allowedHosts.length === 0
    if (!anyHost && !isListedHost(host, allowedHosts, !this.needsToken)) {
      throw new AgentServerError({
        code: 'host_refused',
        message: `The host '${host ?? ''}' is not served here.`,
        hint: 'Use a loopback name, or list it in CLAUDE_AGENT_ALLOWED_HOSTS.',
      })
    }
    // A page of another site that embeds an address of ours, as an image for one, sends no Origin.
    const isForeign = origin === undefined && (fetchSite === 'cross-site' || fetchSite === 'same-site')
    if ((isForeign && !this.needsToken) || (origin !== undefined && !this.allowsOrigin(origin, host))) {
      throw new AgentServerError({
        code: 'origin_refused',
        message: `Pages of ${origin === undefined ? 'another site' : `the origin '${origin}'`} may not speak to this server.`,
        hint: 'List the origin in CLAUDE_AGENT_ALLOWED_ORIGINS, or set CLAUDE_AGENT_TOKEN.',
      })
    }
  }

  /** Whether a page of this origin may speak, given the host that it spoke to. */
  allowsOrigin(origin: string, host: string | undefined): boolean {
    const { allowedOrigins } = this.#options
    if (allowedOrigins.includes(origin)) return true
    if (host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)) return true
    return this.needsToken && allowedOrigins.length === 0
  }

  /** @throws AgentServerError `unauthorized` */
  checkAuthorization(authorization: string | undefined): void {
    const match = /^Bearer +(\S+) *$/i.exec(authorization ?? '')
    if (this.needsToken && !this.acceptsToken(match?.[1] ?? '')) throw unauthorized()
  }

  /** Whether this is the token; takes the same time for every wrong one. */
  acceptsToken(token: string): boolean {
    return this.#token === undefined || timingSafeEqual(digest(token), this.#token)
  }
}

export function unauthorized(): AgentServerError {
  return new AgentServerError({
    code: 'unauthorized',
    message: 'The token is missing or wrong.',
    hint: 'Send \'Authorization: Bearer <token>\', or on a WebSocket the first frame {"type":"auth","token":"…"}.',
  })
}

/** Equal lengths for the comparison, whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function isListedHost(host: string | undefined, listed: readonly string[], loopbackToo: boolean): boolean {
  if (host === undefined) return false
  const name = host.replace(/:\d+$/, '').toLowerCase()
  if (listed.some((entry) => entry === host.toLowerCase() || entry === name)) return true
  return loopbackToo && (name === 'localhost' || name === '127.0.0.1' || name === '[::1]')
}
