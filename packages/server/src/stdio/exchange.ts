import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, type UserMessageInput } from '@claude-agent/protocol'
import { acceptControlRequest, type AcceptedRequest } from '../policy/stdio/control-requests.ts'
import type { Asks } from './asks.ts'
import { readControllerLine, type ControllerLine } from './controller-line.ts'
import type { Prompts } from './prompts.ts'

type Fields = Record<string, unknown>

export interface ExchangeParts {
  prompts: Prompts
  asks: Asks
  /** What the first line has beside what the controller says in it: settings and MCP servers, which are judged. */
  initialize: Fields
  maxLineBytes: number
  sdkSessionId: () => string
  /** Why no prompt is taken now, if so. */
  prohibition: () => AgentServerError | undefined
  toAgent: (line: string) => void
  toController: (line: Buffer) => void
  /** The agent has said something that is no part of the protocol of control. */
  onMessage: (message: SDKMessage) => void
  onChange: () => void
  /** The agent did not take what pins it: it must not go on. `why`: its own words, where it has some. */
  onUnpinned: (why?: string) => void
}

/** A request of the controller that the agent has not answered. */
type Asked = Pick<AcceptedRequest, 'show'> & { subtype: string }

/** Requests of a controller that may wait for their answers. */
const MAX_ASKED = 1000

/** The lines between a controller and its agent: each is judged, and told to those who watch. */
export class Exchange {
  readonly #parts: ExchangeParts
  readonly #asked = new Map<string, Asked>()
  /** The requests of the agent that wait for their answers. */
  readonly #open = new Set<string>()
  #isInitialized = false
  /** The agent has taken the first line. */
  #isPinned = false
  /** Why the controller's first line was not passed on. */
  #refusal: AgentServerError | undefined

  constructor(parts: ExchangeParts) {
    this.#parts = parts
  }

  /** Takes a line of the controller, or `undefined` for one that was too long. What is not passed on is answered. */
  hearController(bytes: Buffer | undefined): void {
    let line: ControllerLine | undefined
    try {
      line = readControllerLine(bytes, this.#parts.maxLineBytes)
      if (line !== undefined) this.#take(line)
    } catch (error) {
      if (!(error instanceof AgentServerError)) throw error
      this.#answer(line, error)
    }
    this.#parts.onChange()
  }

  /** Takes a line of the agent; gives what of it is for the controller. */
  hearAgent(bytes: Buffer): Buffer | undefined {
    let line: Fields
    try {
      line = JSON.parse(bytes.toString('utf8')) as Fields
    } catch {
      // The SDK would skip it.
      return undefined
    }
    if (typeof line !== 'object' || line === null) return undefined
    switch (line['type']) {
      case 'control_response':
        return this.#hearAnswer(line['response'] as Fields, bytes)
      case 'control_request': {
        const { request_id, request } = line as { request_id: string; request: Fields }
        this.#open.add(request_id)
        this.#parts.asks.open(request_id, request)
        break
      }
      case 'control_cancel_request':
        this.#open.delete(String(line['request_id']))
        this.#parts.asks.cancel(String(line['request_id']))
        break
      case 'keep_alive':
        return bytes
      case 'transcript_mirror':
        return undefined
      default:
        if (line['sdk_host_only'] !== true) this.#parts.onMessage(line as SDKMessage)
        if (!this.#parts.prompts.hear(line as SDKMessage)) return undefined
    }
    this.#parts.onChange()
    return bytes
  }

  /** The controller is gone for good: what the agent waits for is answered, so that it can end its turn. */
  release(): void {
    const error = 'The client that would answer is gone.'
    for (const request_id of this.#open)
      this.#send({ type: 'control_response', response: { subtype: 'error', request_id, error } })
    this.#open.clear()
    this.#parts.asks.lose()
  }

  #take(line: ControllerLine): void {
    if (line.fault !== undefined) throw line.fault
    switch (line.type) {
      case 'user':
        return this.#takePrompt(line.message)
      case 'request':
        return this.#takeRequest(line.id, line.request)
      case 'response':
        // One that the agent does not wait for is of no use to it.
        if (!this.#open.delete(line.id)) return
        this.#parts.asks.answer(line.id, line.response['response'])
        return this.#send({ type: 'control_response', response: line.response })
      case 'cancel':
        if (this.#asked.has(line.id)) this.#send({ type: 'control_cancel_request', request_id: line.id })
    }
  }

  #takePrompt(message: UserMessageInput): void {
    if (!this.#isInitialized) throw this.#refusal ?? notInitialized()
    const prohibition = this.#parts.prohibition()
    if (prohibition !== undefined) throw prohibition
    this.#send({ parent_tool_use_id: null, session_id: '', ...this.#parts.prompts.take(message) })
  }

  #takeRequest(id: string, given: Fields): void {
    const isFirst = given['subtype'] === 'initialize'
    if (!isFirst && !this.#isInitialized) throw this.#refusal ?? notInitialized()
    if (this.#asked.size >= MAX_ASKED) throw tooManyRequests()
    // What may be shown of an answer goes by the id of its request.
    if (this.#asked.has(id)) throw idInUse(id)
    try {
      const { request, show } = acceptControlRequest(given)
      if (isFirst) Object.assign(request, this.#together(request))
      this.#asked.set(id, { subtype: request.subtype, ...(show === undefined ? {} : { show }) })
      if (request.subtype === 'interrupt') this.#parts.prompts.interrupt()
      if (isFirst) this.#isInitialized = true
      this.#send({ type: 'control_request', request_id: id, request })
    } catch (error) {
      if (isFirst && error instanceof AgentServerError) this.#refusal = error
      throw error
    }
  }

  /** The first line with what the server puts there; settings of both are settings. */
  #together(request: Fields): Fields {
    const { mcpServers, ...base } = this.#parts.initialize
    const servers = {
      ...(mcpServers as Fields | undefined),
      ...(request['mcpServers'] as Fields | undefined),
    }
    return {
      ...base,
      ...request,
      ...(Object.keys(servers).length === 0 ? {} : { mcpServers: servers }),
    }
  }

  #hearAnswer(response: Fields, bytes: Buffer): Buffer | undefined {
    const id = String(response['request_id'])
    const asked = this.#asked.get(id)
    if (asked === undefined) return undefined
    this.#asked.delete(id)
    const answer = response['response'] as Fields | undefined
    if (asked.subtype === 'initialize' && !this.#isPinned) this.#pin(response, answer)
    if (asked.show === undefined || answer === undefined) return bytes
    return encode({ type: 'control_response', response: { ...response, response: asked.show(answer) } })
  }

  /** Looks whether the agent took the first line as it was sent: without, it is not what the policy let through. */
  #pin({ subtype, error }: Fields, answer: Fields | undefined): void {
    const isNeeded = this.#parts.initialize['settings'] !== undefined
    this.#isPinned = subtype === 'success' && (!isNeeded || answer?.['settings_applied'] === true)
    if (!this.#isPinned) this.#parts.onUnpinned(typeof error === 'string' ? error.slice(0, 500) : undefined)
  }

  /** Answers a line that was not passed on: in the words of the SDK where it waits for some, else with an error. */
  #answer(line: ControllerLine | undefined, error: AgentServerError): void {
    const { message, hint } = error
    const text = hint === undefined ? message : `${message} ${hint}`
    if (line?.type === 'request') {
      const response = { subtype: 'error', request_id: line.id, error: text }
      this.#parts.toController(encode({ type: 'control_response', response }))
    } else if (line?.type === 'user') {
      this.#parts.toController(encode(failedResult(text, this.#parts.sdkSessionId(), line.message.uuid)))
    } else {
      this.#parts.toController(encode({ type: 'error', ...error.toJSON() }))
      // No line of an SDK is so long but a prompt, and that wants its result.
      if (error.code === 'line_too_long')
        this.#parts.toController(encode(failedResult(text, this.#parts.sdkSessionId())))
    }
  }

  #send(line: Fields): void {
    this.#parts.toAgent(`${JSON.stringify(line)}\n`)
  }
}

/** The result of a prompt that was not taken: the SDK waits for one. */
function failedResult(error: string, session_id: string, uuid = crypto.randomUUID() as string): Fields {
  return {
    type: 'result',
    subtype: 'error_during_execution',
    is_error: true,
    errors: [error],
    duration_ms: 0,
    duration_api_ms: 0,
    num_turns: 0,
    stop_reason: null,
    total_cost_usd: 0,
    usage: { input_tokens: 0, output_tokens: 0 },
    modelUsage: {},
    permission_denials: [],
    session_id,
    uuid,
  }
}

function encode(line: Fields): Buffer {
  return Buffer.from(`${JSON.stringify(line)}\n`)
}

function notInitialized(): AgentServerError {
  return new AgentServerError({
    code: 'control_refused',
    message: 'The first line must be an `initialize`.',
    hint: 'Use the official SDK, which sends it by itself.',
  })
}

function idInUse(id: string): AgentServerError {
  return new AgentServerError({
    code: 'control_refused',
    message: `A control request with the id '${id.slice(0, 60)}' waits for its answer already.`,
    hint: 'Give each request an id of its own.',
  })
}

function tooManyRequests(): AgentServerError {
  return new AgentServerError({
    code: 'control_refused',
    message: `${MAX_ASKED} control requests wait for their answers already.`,
    hint: 'Wait for some of them.',
  })
}
