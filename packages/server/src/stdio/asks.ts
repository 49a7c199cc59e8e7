import type { AskData, AskKind, AskOutcome, AskResult, NewEvent, OpenAsk } from '@claude-agent/protocol'
import { drawUuid } from '../random.ts'
import { readAnswer } from '../session/answer.ts'

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
  readonly #open = new Map<string, Pick<OpenAsk, 'ask' | 'kind' | 'data'>>()

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
    const fields = Object.entries(request).map(([name, value]) => [rename(name), value])
    const data = Object.fromEntries(fields) as unknown as AskData
    const ask = { ask: drawUuid(), kind, data }
    this.#open.set(requestId, ask)
    this.#publish({ type: 'ask', ...ask })
  }

  /** The controller has answered one. What is no such answer, or says that it could not, is told without a result. */
  answer(requestId: string, result: unknown): void {
    const ask = this.#open.get(requestId)
    const isAnswer = ask !== undefined && fits(ask, result)
    this.#settle(requestId, 'answered', { by: 'stdio', ...(isAnswer ? { result: result as AskResult } : {}) })
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
    this.#publish({ type: 'ask_settled', ask: ask.ask, outcome, ...fields })
  }
}

/** Whether it is what the SDK's callback for such an ask returns. */
function fits(ask: Pick<OpenAsk, 'kind' | 'data'>, result: unknown): boolean {
  try {
    readAnswer(ask, { result })
    return true
  } catch {
    return false
  }
}

function rename(name: string): string {
  return NAMES[name] ?? name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
