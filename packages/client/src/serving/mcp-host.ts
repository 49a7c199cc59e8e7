import type { McpSdkServerConfigWithInstance } from '@anthropic-ai/claude-agent-sdk'
import {
  AgentServerError,
  type McpAskData,
  type McpInitializeResult,
  type McpLists,
  type McpMessage,
  type McpReply,
  type RegisteredMcpServer,
} from '@claude-agent/protocol'
import { McpLine } from './mcp-line.ts'

/** The lists of MCP, each with the request for it and the capability of those that have it. */
const LISTS = [
  ['tools', 'tools/list', 'tools'],
  ['resources', 'resources/list', 'resources'],
  ['resourceTemplates', 'resources/templates/list', 'resources'],
  ['prompts', 'prompts/list', 'prompts'],
] as const

/** Pages of a list; more are not asked for. */
const MAX_PAGES = 100

const INTRODUCTION = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'claude-agent-client', version: '1' },
}

export interface McpHostParts {
  name: string
  config: McpSdkServerConfigWithInstance
  /** What the server says of its own accord. */
  onMessage: (message: McpMessage) => void
  /** What it has is another by now. */
  onListChanged: () => void
}

/** An MCP server of this process that the agent of a session uses. */
export class McpHost {
  readonly #parts: McpHostParts
  readonly #line: McpLine
  #initialize: McpInitializeResult | undefined
  #requests = 0

  constructor(parts: McpHostParts) {
    this.#parts = parts
    this.#line = new McpLine((message) => this.#hear(message))
  }

  /** Connects to the server. @throws AgentServerError `invalid_setting` */
  async connect(): Promise<void> {
    try {
      await this.#line.connect(this.#parts.config.instance)
      const result = await this.#ask('initialize', INTRODUCTION)
      this.#initialize = result as unknown as McpInitializeResult
    } catch (cause) {
      this.#line.close()
      throw this.#unusable(cause)
    }
    this.#line.tell({ jsonrpc: '2.0', method: 'notifications/initialized' })
  }

  /** What the agent's process is told of it. @throws AgentServerError `invalid_setting` */
  async describe(): Promise<RegisteredMcpServer> {
    const { type: _, name: __, instance: ___, ...settings } = this.#parts.config
    const initialize = this.#initialize!
    const lists: McpLists = {}
    try {
      for (const [list, method, capability] of LISTS)
        if (initialize.capabilities[capability] !== undefined) lists[list] = await this.#list(list, method)
    } catch (cause) {
      throw this.#unusable(cause)
    }
    return { ...settings, initialize, lists }
  }

  /** A request of the agent. Never rejects. */
  request(ask: string, { method, params }: McpAskData, signal: AbortSignal): Promise<McpReply> {
    return this.#line.request(ask, method, params, signal)
  }

  /** A notification of the agent, or its response to a request of the server. */
  tell(message: McpMessage): void {
    this.#line.tell(message)
  }

  close(): void {
    this.#line.close()
  }

  async #list(list: (typeof LISTS)[number][0], method: string): Promise<never> {
    const entries: unknown[] = []
    let cursor: unknown
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const result = await this.#ask(method, cursor === undefined ? {} : { cursor })
      entries.push(...(result[list] as unknown[]))
      cursor = result['nextCursor']
      if (cursor === undefined) break
    }
    return entries as never
  }

  async #ask(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    const reply = await this.#line.request(`introduction-${(this.#requests += 1)}`, method, params)
    if ('result' in reply) return reply.result
    // One that has a capability without this list of it.
    if (method !== 'initialize' && reply.error.code === -32601) return { [listOf(method)]: [] }
    throw new Error(`${method}: ${reply.error.message}`)
  }

  #hear(message: McpMessage): void {
    const { method } = message
    if (typeof method === 'string' && method.endsWith('/list_changed')) this.#parts.onListChanged()
    else this.#parts.onMessage(message)
  }

  #unusable(cause: unknown): AgentServerError {
    return new AgentServerError({
      code: 'invalid_setting',
      message: `mcpServers.${this.#parts.name}: the server cannot be used: ${(cause as Error).message}`,
      hint: 'Give each server to one serve() at a time, and make it with createSdkMcpServer().',
      cause,
    })
  }
}

function listOf(method: string): string {
  return LISTS.find(([, each]) => each === method)?.[0] ?? method
}
