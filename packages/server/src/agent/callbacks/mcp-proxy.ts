import type { McpSdkServerConfigWithInstance, Options } from '@anthropic-ai/claude-agent-sdk'
import type { McpLists, McpMessage, McpReply, RegisteredMcpServer } from '@claude-agent/protocol'
import { nameInTools } from '../../policy/mcp-servers.ts'
import { drawUuid } from '../../random.ts'
import type { Callbacks } from './callbacks.ts'

/** The lists of MCP, by the method that asks for each. */
const LISTS: Record<string, keyof McpLists> = {
  'tools/list': 'tools',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
  'prompts/list': 'prompts',
}

/** A transport of the MCP SDK, as much of it as is used. */
interface Transport {
  onmessage?: (message: McpMessage) => void
  start(): Promise<void>
  send(message: McpMessage): Promise<void>
}

interface Request extends McpMessage {
  id: string | number
  method: string
  params?: Record<string, unknown>
}

/** A request that a client has. */
interface Open {
  abort: AbortController
  /** By what the agent and the client know its progress. */
  progress?: { token: unknown; ours: string }
}

type Servers = NonNullable<Options['mcpServers']>

/**
 * The in-process servers of clients as entries of the SDK's option, beside those of the options. A name that options were
 * given after a client had registered it is theirs: nobody takes the place of a server that somebody else has set.
 */
export function withClientServers(callbacks: Callbacks, others: Servers = {}): Servers {
  return withoutShadows(clientMcpServers(callbacks), others)
}

/** Servers of clients and others; of the same name in tools, the other one. */
export function withoutShadows(ofClients: Servers, others: Servers): Servers {
  const taken = new Set(Object.keys(others).map(nameInTools))
  const free = Object.entries(ofClients).filter(([name]) => !taken.has(nameInTools(name)))
  return { ...others, ...Object.fromEntries(free) }
}

function clientMcpServers(callbacks: Callbacks): Record<string, McpSdkServerConfigWithInstance> {
  return Object.fromEntries(
    callbacks.clients.flatMap(({ owner, registration }) =>
      Object.entries(registration.mcpServers ?? {}).map(([name, server]) => {
        const { initialize: _, lists: __, ...settings } = server
        const instance = new McpProxy({ owner, name, server, callbacks }) as never
        return [name, { type: 'sdk', name, ...settings, instance }]
      }),
    ),
  )
}

export interface McpProxyParts {
  owner: string
  name: string
  server: RegisteredMcpServer
  callbacks: Callbacks
}

/** An MCP server in a client, as the agent sees it: it introduces itself and says what it has while the client is away. */
export class McpProxy {
  readonly #parts: McpProxyParts
  /** The requests that the client has, by the agent's id. */
  readonly #open = new Map<string | number, Open>()
  #transport: Transport | undefined

  constructor(parts: McpProxyParts) {
    this.#parts = parts
  }

  /** Called by the SDK, once per process of the agent. */
  async connect(transport: Transport): Promise<void> {
    const { owner, name, callbacks } = this.#parts
    this.#transport = transport
    transport.onmessage = (message) => this.#hear(message)
    callbacks.listen(owner, name, (message) => this.#pass(message))
    await transport.start()
  }

  #hear(message: McpMessage): void {
    const { owner, name, callbacks } = this.#parts
    const { method, params } = message as Partial<Request>
    if (isRequest(message)) return void this.#answer(message)
    if (method === 'notifications/initialized') return
    if (method === 'notifications/cancelled') {
      this.#open.get(params?.['requestId'] as string)?.abort.abort()
      return
    }
    callbacks.tell(owner, name, message)
  }

  async #answer(request: Request): Promise<void> {
    const { id } = request
    const reply = this.#known(request) ?? (await this.#ask(request))
    await this.#transport?.send({ jsonrpc: '2.0', id, ...reply }).catch(() => {})
  }

  /** What needs no client. */
  #known({ method }: Request): McpReply | undefined {
    const { initialize, lists } = this.#parts.server
    if (method === 'initialize') return { result: { ...initialize } }
    if (method === 'ping') return { result: {} }
    const list = Object.hasOwn(LISTS, method) ? LISTS[method] : undefined
    if (list === undefined) return undefined
    const entries = lists[list]
    if (entries === undefined) return { error: { code: -32601, message: 'Method not found' } }
    return { result: { [list]: entries } }
  }

  async #ask({ id, method, params }: Request): Promise<McpReply> {
    const { owner, name, callbacks } = this.#parts
    const open: Open = { abort: new AbortController() }
    this.#open.set(id, open)
    const meta = params?.['_meta'] as { progressToken?: unknown } | undefined
    // Tokens begin anew with each process of the agent; the client may still speak of an earlier one's.
    if (meta?.progressToken !== undefined) open.progress = { token: meta.progressToken, ours: drawUuid() }
    const passed =
      open.progress === undefined
        ? params
        : { ...params, _meta: { ...meta, progressToken: open.progress.ours } }
    const data = { server: name, method, ...(passed === undefined ? {} : { params: passed }) }
    const reply = await callbacks.request(owner, data, open.abort.signal)
    this.#open.delete(id)
    return reply
  }

  /** A message of the client's server, for the agent. Progress of what nobody waits for any more is dropped. */
  #pass(message: McpMessage): void {
    const { method, params } = message as Partial<Request>
    let passed = message
    if (method === 'notifications/progress') {
      const known = [...this.#open.values()].find(
        ({ progress }) => progress?.ours === params?.['progressToken'],
      )
      if (known?.progress === undefined) return
      passed = { ...message, params: { ...params, progressToken: known.progress.token } }
    }
    void this.#transport?.send(passed).catch(() => {})
  }
}

function isRequest(message: McpMessage): message is Request {
  return 'id' in message && typeof message['method'] === 'string'
}
