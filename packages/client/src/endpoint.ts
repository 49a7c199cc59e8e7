import { AgentServerError } from '@claude-agent/protocol'

export type Params = Record<string, string | undefined>

/** A server: how it is reached and with which token. */
export interface Endpoint {
  /** For messages: no query, no credentials. */
  readonly address: string
  readonly token: string | undefined
  /** What every request and every upgrade has to carry beside the token. */
  readonly headers: Readonly<Record<string, string>>
  /** The address of an HTTP resource, e.g. `/config`. */
  http(path: string, params?: Params): URL
  /** The address of a WebSocket, e.g. `/ws`. */
  socket(path: string, params?: Params): URL
}

/** Finds the server, for one request or one attempt. @throws AgentServerError */
export type Locate = () => Endpoint | Promise<Endpoint>

const SCHEMES: Record<string, { http: string; socket: string }> = {
  'http:': { http: 'http:', socket: 'ws:' },
  'ws:': { http: 'http:', socket: 'ws:' },
  'https:': { http: 'https:', socket: 'wss:' },
  'wss:': { http: 'https:', socket: 'wss:' },
}

/**
 * Reads the address and the token of a server. A query of the URL (some proxies want one) goes along with every request.
 * @param option the name that the address has among the options, for messages.
 */
export function parseEndpoint(
  address: string,
  token: string | undefined,
  option = 'connectionUrl',
  headers: Record<string, string> = {},
): Endpoint {
  const base = parseUrl(address, option)
  const schemes = SCHEMES[base.protocol]
  if (schemes === undefined || base.hostname === '') throw invalidUrl(address, option)
  if (base.username !== '' || base.password !== '') {
    throw new AgentServerError({
      code: 'invalid_setting',
      message: `The ${option} of ${base.host} holds a user name or a password.`,
      hint: 'Take it out of the URL and pass the server’s token as `token`.',
    })
  }
  if (token !== undefined && !/^[\x21-\x7e]*$/.test(token)) {
    throw new AgentServerError({
      code: 'invalid_setting',
      message: 'The token holds a space, a line break or a character outside of ASCII.',
      hint: 'Pass the value of the server’s CLAUDE_AGENT_TOKEN as it is.',
    })
  }
  base.hash = ''
  const prefix = base.pathname.replace(/\/+$/, '')
  const build = (scheme: string, path: string, params: Params): URL => {
    const url = new URL(`${scheme}//${base.host}${prefix}${path}${base.search}`)
    for (const [name, value] of Object.entries(params)) {
      if (value !== undefined) url.searchParams.set(name, value)
    }
    return url
  }
  return {
    address: `${schemes.http}//${base.host}${prefix}`,
    token: token === '' ? undefined : token,
    headers,
    http: (path, params = {}) => build(schemes.http, path, params),
    socket: (path, params = {}) => build(schemes.socket, path, params),
  }
}

/** The URL, or the error that says what is wrong with it. Its cause is left out: it would show a password. */
function parseUrl(text: string, option: string): URL {
  try {
    return new URL(text)
  } catch {
    throw invalidUrl(text, option)
  }
}

/** Whether a server is on this machine, and so there without any network. */
export function isLoopback(endpoint: Endpoint): boolean {
  return /^\w+:\/\/(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/.test(endpoint.address)
}

/** The error for an address that names no server. */
function invalidUrl(text: unknown, option: string): AgentServerError {
  // From JavaScript it may be anything.
  const shown = String(text)
    .replace(/^.*@/s, '…@')
    .replace(/[?#].*$/s, '…')
  return new AgentServerError({
    code: 'invalid_setting',
    message: `The ${option} '${shown}' is not an http, https, ws or wss URL.`,
    hint: 'Write it with its scheme, e.g. http://localhost:3000.',
  })
}
