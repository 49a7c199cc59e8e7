import type { AskData, AskKind, AskOutcome, AskResult, NewEvent } from '@claude-agent/protocol'
import { drawUuid } from '../random.ts'

type Fields = Record<string, unknown>

/** What the agent asks of people, by the request that it makes of its controller. */
const KINDS: Readonly<Record<string, AskKind>> = {
  can_use_tool: 'can_use_tool',
  elicitation: 'elicitation',
  request_user_dialog: 'dialog',
}

/** The fields of those requests that have other names in the SDK's callbacks than their own in camel case. */
const NAMES: Readonly<Record<string, string>> = {
  permission_suggestions: 'suggestions',
  tool_use_id: 'toolUseID',
  agent_id: 'agentID',
  mcp_server_name: 'serverName',
}

/** What an agent asks its controller, told to those who watch. They cannot answer. */
export class Asks {
  readonly #publish: (event: NewEvent) => void
  /** By the id of the request. */
  readonly #open = new Map<string, string>()

  constructor(publish: (event: NewEvent) => void) {
    this.#publish = publish
  }

  get size(): number {
    return this.#open.size
  }

  /** The agent has made a request. */
  open(requestId: string, { subtype, ...request }: Fields): void {
    const kind = KINDS[String(subtype)]
    if (kind === undefined || this.#open.has(requestId)) return
    const ask = drawUuid()
    this.#open.set(requestId, ask)
    const data = Object.fromEntries(Object.entries(request).map(([name, value]) => [rename(name), value]))
    this.#publish({ type: 'ask', ask, kind, data: data as unknown as AskData })
  }

  /** The controller has answered one; `result` is undefined when it could not. */
  answer(requestId: string, result: AskResult | undefined): void {
    this.#settle(requestId, 'answered', { by: 'stdio', ...(result === undefined ? {} : { result }) })
  }

  /** The agent has taken one back. */
  cancel(requestId: string): void {
    this.#settle(requestId, 'cancelled')
  }

  /** The agent is gone. */
  lose(): void {
    for (const requestId of this.#open.keys()) this.#settle(requestId, 'lost')
  }

  #settle(requestId: string, outcome: AskOutcome, fields: { by?: string; result?: AskResult } = {}): void {
    const ask = this.#open.get(requestId)
    if (ask === undefined) return
    this.#open.delete(requestId)
    this.#publish({ type: 'ask_settled', ask, outcome, ...fields })
  }
}

function rename(name: string): string {
  return NAMES[name] ?? name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
