import { isIP } from 'node:net'

/** How E2B, or a server that speaks as it does, is reached. */
export interface E2bOptions {
  /** @default the environment's `E2B_API_KEY` */
  apiKey?: string | undefined
  /** Gives `https://api.<domain>`, and `https://<port>-<id>.<domain>` for sandboxes. @default `E2B_DOMAIN`, or `e2b.app` */
  domain?: string
  /** The control plane, where it is elsewhere. @default `E2B_API_URL` */
  apiUrl?: string
  /**
   * One URL for all sandboxes of a server without names of their own: which sandbox and which port is meant, is said by
   * headers. @default `E2B_SANDBOX_URL`, or `apiUrl` where that is an address or `localhost` and no domain is given
   */
  sandboxUrl?: string
  /** Whether who has the URL of a port reaches it. Where not, a header is needed, which a browser cannot send on a
   * WebSocket. The server asks for its token either way. @default true */
  publicTraffic?: boolean
  /** Milliseconds for one request to E2B. @default 60_000 */
  requestTimeoutMs?: number
  /** Milliseconds within which the server of a new sandbox has to answer. @default 60_000 */
  startTimeoutMs?: number
  /** Milliseconds between two looks whether a sandbox is still there, while somebody listens. @default 15_000 */
  watchMs?: number
}

/** The options with nothing left open. */
export interface E2bSettings {
  /** What every call of the SDK gets. */
  connection: {
    apiKey?: string
    domain?: string
    apiUrl?: string
    sandboxUrl?: string
    requestTimeoutMs: number
    /** `E2B_DEBUG` makes the SDK only pretend. */
    debug: false
  }
  /** The URL that all sandboxes share, or undefined where each has a name. */
  sharedUrl: string | undefined
  publicTraffic: boolean
  startTimeoutMs: number
  watchMs: number
}

export function readE2bOptions(
  options: E2bOptions,
  environment: Record<string, string | undefined> = process.env,
): E2bSettings {
  const {
    requestTimeoutMs = 60_000,
    startTimeoutMs = 60_000,
    watchMs = 15_000,
    publicTraffic = true,
  } = options
  const apiKey = options.apiKey ?? environment['E2B_API_KEY']
  const domain = options.domain ?? environment['E2B_DOMAIN']
  const apiUrl = options.apiUrl ?? environment['E2B_API_URL']
  const given = options.sandboxUrl ?? environment['E2B_SANDBOX_URL']
  const sharedUrl = given || (apiUrl && !domain && isNameless(apiUrl) ? new URL(apiUrl).origin : undefined)
  return {
    connection: {
      ...(apiKey ? { apiKey } : {}),
      ...(domain ? { domain } : {}),
      ...(apiUrl ? { apiUrl } : {}),
      ...(sharedUrl ? { sandboxUrl: sharedUrl } : {}),
      requestTimeoutMs,
      debug: false,
    },
    sharedUrl: sharedUrl?.replace(/\/+$/, ''),
    publicTraffic,
    startTimeoutMs,
    watchMs,
  }
}

/** An address, or `localhost`: there are no names `<port>-<id>.…` below it. */
function isNameless(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}
