import { AgentServerError, type QueryConfig } from '@claude-agent/protocol'
import type { Endpoint } from './endpoint.ts'
import { send } from './http.ts'
import type { ClientOptions } from './types.ts'

type OwnOption = Exclude<keyof ClientOptions, keyof QueryConfig>

/** The options that stay with the client though they have the name of one of the query. */
export type Kept = Partial<Record<keyof QueryConfig, boolean>>

/** The options that are the client's own; all others are the query's. */
const OWN_OPTIONS: Record<OwnOption, true> = {
  anthropicBaseUrl: true,
  broker: true,
  connectTimeoutMs: true,
  connectionUrl: true,
  debug: true,
  e2bApiKey: true,
  envs: true,
  keepAlive: true,
  metadata: true,
  network: true,
  onProgress: true,
  onTimeout: true,
  reconnect: true,
  resources: true,
  resume: true,
  startTimeoutMs: true,
  template: true,
  timeoutMs: true,
  token: true,
}

/**
 * The query configuration among the options, as the body of `POST /config`; undefined when there is none.
 * @throws AgentServerError `option_refused` for a callback, `invalid_config` for a value that JSON cannot hold.
 */
export function encodeQueryOptions(options: ClientOptions, kept: Kept = {}): string | undefined {
  const given = Object.entries(options).filter(
    ([name, value]) =>
      !Object.hasOwn(OWN_OPTIONS, name) && kept[name as keyof QueryConfig] !== true && value !== undefined,
  )
  return given.length === 0 ? undefined : encodeOptions(Object.fromEntries(given))
}

/**
 * Options of the query as JSON.
 * @throws AgentServerError `option_refused` for a callback, `invalid_config` for a value that JSON cannot hold.
 */
export function encodeOptions(options: object): string {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value !== 'function') continue
    throw new AgentServerError({
      code: 'option_refused',
      message: `The option '${name}' is a function, which cannot travel to the server.`,
      hint: 'Leave it out; the options of the query are those that JSON can hold.',
    })
  }
  try {
    return JSON.stringify(options)
  } catch (cause) {
    throw new AgentServerError({
      code: 'invalid_config',
      message: 'An option of the query cannot be written as JSON.',
      hint: 'MCP servers that live in this process cannot travel; give those that are reached over http or sse.',
      cause,
    })
  }
}

/** Stores the query configuration on the server. */
export async function postQueryOptions(endpoint: Endpoint, body: string, signal: AbortSignal): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await send(endpoint, { method: 'POST', path: '/config', headers, body, signal })
}
