import { AgentServerError, ERRORS } from '@claude-agent/protocol'
import { type Endpoint, parseEndpoint } from '../endpoint.ts'
import { notify } from '../listeners.ts'
import { ModelHost, type ModelHostOptions } from './model-host.ts'
import { ModelLine } from './model-line.ts'
import { Room } from './pieces.ts'

/** Most requests at once. */
const MAX_LINES = 32
/** Lines that stay parked beside one another when there is nothing to do. */
const SPARE_LINES = 4
/** The most that is kept of all bodies: where they cannot be sent as they come, or the line cannot be held. */
const MAX_KEPT_BYTES = 128 * 1024 * 1024

const DEFAULT_BASE_URL = 'https://api.anthropic.com'

/** Where a server is, and what a request needs to get there. */
export interface ModelServer {
  url: string
  headers?: Record<string, string>
}

export interface ServeModelOptions {
  /** The server; a function is asked before each connection, for a server that moves. */
  endpoint: ModelServer | ((signal: AbortSignal) => ModelServer | Promise<ModelServer>)
  /** The server's CLAUDE_AGENT_TOKEN. */
  token?: string | undefined
  /** The key, sent as `x-api-key`; it never leaves for the server. One of it and `authToken`. */
  apiKey?: string | undefined
  /** A bearer token, as gateways want it. */
  authToken?: string | undefined
  /** The Messages API that the requests go to, and no other. @default 'https://api.anthropic.com' */
  baseUrl?: string | undefined
  /** What makes the requests: for proxies, and for Node's limit of 300 s without a byte. @default the platform's fetch */
  fetch?: typeof fetch | undefined
  /**
   * Hears of requests that could not be made, and of what ended the service for good (`unauthorized`, `not_found` where
   * the server has a key of its own). Lost connections come back by themselves and are not told.
   */
  onError?: ((error: AgentServerError) => void) | undefined
}

/** A model that is being served. */
export interface ModelService {
  /** Ends requests and connections; resolves when they are closed. Safe to call again. */
  close(): Promise<void>
}

/**
 * Brings the model to a server that was started with `CLAUDE_AGENT_BROKER=client`: its agents' requests come here over
 * WebSockets that this client keeps parked, and leave from here with this client's key. Only what an agent needs of the
 * Messages API is asked: `POST /v1/messages`, `POST /v1/messages/count_tokens`, `GET /v1/models`.
 * @throws AgentServerError `invalid_setting`
 */
export function serveModel(options: ServeModelOptions): ModelService {
  const { endpoint, token } = options
  const host = new ModelHost(readHost(options))
  const parse = ({ url, headers }: ModelServer): Endpoint =>
    parseEndpoint(url, token, 'endpoint.url', headers)
  let locate: (signal: AbortSignal) => Endpoint | Promise<Endpoint>
  if (typeof endpoint === 'function') locate = async (signal) => parse(await endpoint(signal))
  else {
    const parsed = parse(endpoint)
    locate = () => parsed
  }
  const lines = new Set<ModelLine>()
  const room = new Room(MAX_KEPT_BYTES)
  const { onError } = options
  const report = (error: AgentServerError): void => {
    if (onError !== undefined) notify('onError', onError, error)
  }
  const isShort = (but?: ModelLine): boolean => ![...lines].some((line) => line !== but && line.isFree)
  let closed: Promise<void> | undefined
  const close = (): Promise<void> =>
    (closed ??= Promise.all([...lines].map((line) => line.close())).then(() => {}))
  const add = (): ModelLine => {
    const line: ModelLine = new ModelLine({
      locate,
      host,
      room,
      // Another request may come while this one is answered.
      onTaken: () => {
        if (closed === undefined && lines.size < MAX_LINES && isShort()) add().open()
      },
      isWanted: () =>
        line === first || [...lines].filter((other) => other !== line && other.isParked).length < SPARE_LINES,
      // The first is there for as long as the service is; the others while they are needed.
      mayRetry: (error) => (ERRORS[error.code]?.retry ?? false) && (line === first || isShort(line)),
      onEnd: (error) => {
        lines.delete(line)
        if (line !== first || error === undefined || closed !== undefined) return
        report(explain(error))
        void close()
      },
      onError: report,
    })
    lines.add(line)
    return line
  }
  const first = add()
  first.open()
  return { close }
}

/** The model's host as the options have it. No message repeats a credential. */
function readHost({
  apiKey,
  authToken,
  baseUrl = DEFAULT_BASE_URL,
  fetch,
}: ServeModelOptions): ModelHostOptions {
  const key = apiKey?.trim() || undefined
  const bearer = authToken?.trim() || undefined
  if ((key === undefined) === (bearer === undefined)) {
    throw invalid(
      key === undefined ? 'There is no key for the model.' : 'There are two credentials for the model.',
      'Pass one of `apiKey` and `authToken`.',
    )
  }
  if (/[^\x21-\x7e]/.test(key ?? bearer ?? '')) {
    throw invalid('The key for the model has characters that no header can carry.', 'Pass it as it is.')
  }
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw invalid(
      'The `baseUrl` of the model is no http or https URL without user name and query.',
      `Leave it out for ${DEFAULT_BASE_URL}.`,
    )
  }
  return {
    baseUrl: url,
    credential: key === undefined ? ['authorization', `Bearer ${bearer}`] : ['x-api-key', key],
    // Called later, so that it may be replaced; and as a function of its own, as browsers want it.
    fetch: fetch ?? ((input, init) => globalThis.fetch(input, init)),
  }
}

/** What the end of the service means. */
function explain(error: AgentServerError): AgentServerError {
  if (error.code !== 'not_found') return error
  return new AgentServerError({
    code: 'not_found',
    message: 'The server takes no model from its clients.',
    hint: 'Start it with CLAUDE_AGENT_BROKER=client.',
    cause: error,
  })
}

function invalid(message: string, hint: string): AgentServerError {
  return new AgentServerError({ code: 'invalid_setting', message, hint })
}
