import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { AgentServerError, parseErrorBody, type PromptOutcome } from '@claude-agent/protocol'
import type { ClientEvent } from '../session/types.ts'
import type { Prompts } from './prompts.ts'
import { StreamParts } from './stream-parts.ts'

/** For how long after its last result a query waits for work in the background, as the SDK does. */
const BACKGROUND_MS = 600_000
/** Within how long after the end of such work the agent takes it up in a turn of its own. */
const TAKE_UP_MS = 3_000

/** Messages of which no type of the SDK tells, or not all. */
interface LooseMessage {
  type: string
  subtype?: string
  command_uuid?: string
  tasks?: unknown[]
}

/**
 * Follows a query through the events of its session: which messages its caller gets, and when it is over. The SDK's own
 * would yield the same, one process and no server.
 */
export class Course {
  readonly #prompts: Prompts
  readonly #partials: boolean
  readonly #defers: boolean
  readonly #parts = new StreamParts()
  #tasks = 0
  #isTurn = false
  /** Work in the background has ended: the agent is about to say something about it. */
  #isTakingUp = false
  /** The turn ended for now, with a question that another client may answer; it goes on as if it had not. */
  #isDeferred = false
  /** Since the last prompt ended. */
  #hasResult = false
  #errorText: string | undefined
  #failure: AgentServerError | undefined
  #death: string | undefined

  /**
   * @param partials partial messages were asked for
   * @param defers a question ends the turn for now, in this session
   */
  constructor(prompts: Prompts, { partials, defers }: { partials: boolean; defers: boolean }) {
    this.#prompts = prompts
    this.#partials = partials
    this.#defers = defers
  }

  /** After how many milliseconds without a further event it is over: 0 for now, undefined for not at all. */
  get restMs(): number | undefined {
    if (!this.#prompts.areOver || this.#isTurn) return undefined
    if (this.#tasks > 0) return BACKGROUND_MS
    return this.#isTakingUp ? TAKE_UP_MS : 0
  }

  /** What the SDK throws at the end of a query whose last result is an error. */
  get fault(): AgentServerError | undefined {
    if (!this.#errorText) return undefined
    return new AgentServerError({
      code: 'error_result',
      message: `Claude Code returned an error result: ${this.#errorText}`,
      hint: 'The last `result` message has the details.',
    })
  }

  /**
   * The message that the caller gets for an event, if any.
   * @throws AgentServerError when a prompt could not be run, or its turn was lost with the agent
   */
  hear(event: ClientEvent): SDKMessage | undefined {
    if (event.type === 'gap') throw lostSight()
    if (event.type === 'error') this.#failure = parseErrorBody(event)
    if (event.type === 'agent_exited') {
      this.#tasks = 0
      this.#isTurn = this.#isTakingUp = false
      this.#death = event.reason === undefined ? event.cause : undefined
    }
    if (event.type === 'prompt_ended' && this.#prompts.end(event.uuid)) this.#endPrompt(event.outcome)
    if (event.type !== 'sdk_message') return undefined
    const { data } = event
    if (data.type !== 'stream_event') return this.#hearMessage(data)
    return this.#partials ? this.#parts.hear(data, 'replayed' in event) : undefined
  }

  #hearMessage(data: SDKMessage): SDKMessage | undefined {
    const { type, subtype, command_uuid, tasks } = data as LooseMessage
    if (type === 'command_lifecycle') return this.#prompts.isGiven(command_uuid) ? data : undefined
    if (subtype === 'background_tasks_changed' && Array.isArray(tasks)) this.#countTasks(tasks.length)
    if (subtype === 'init') {
      this.#isTurn = true
      this.#isTakingUp = false
      if (this.#isDeferred) {
        this.#isDeferred = false
        return undefined
      }
    }
    if (data.type === 'result') {
      this.#isTurn = false
      // Its prompt has not ended: the agent of this session waits for an answer without a process.
      if (data.terminal_reason === 'tool_deferred' && this.#defers) {
        this.#isDeferred = true
        return undefined
      }
      this.#hasResult = true
      this.#errorText = errorTextOf(data)
    } else if (type !== 'system') this.#errorText = undefined
    return data
  }

  #endPrompt(outcome: PromptOutcome): void {
    const [failure, death, hasResult] = [this.#failure, this.#death, this.#hasResult]
    this.#failure = this.#death = undefined
    this.#hasResult = this.#isTurn = false
    if (outcome === 'failed') throw failure ?? lostTurn('The prompt could not be run.')
    if (outcome === 'interrupted' && !hasResult) throw lostTurn(death ?? 'the server ended in the turn')
  }

  #countTasks(count: number): void {
    this.#isTakingUp = count < this.#tasks
    this.#tasks = count
  }
}

/** The text that the SDK throws for a result that is an error. */
function errorTextOf(result: SDKMessage & { type: 'result' }): string | undefined {
  if (!result.is_error) return undefined
  if (result.subtype === 'success') return result.result
  return result.errors
    .map((text) => text.trim())
    .filter(Boolean)
    .join('; ')
}

function lostTurn(cause: string): AgentServerError {
  return new AgentServerError({
    code: 'agent_exited',
    message: `The turn was lost before its result: ${cause}.`,
    hint: 'The conversation stands: query({options: {resume}}) with its `session_id` goes on with it.',
  })
}

function lostSight(): AgentServerError {
  return new AgentServerError({
    code: 'history_lost',
    message: 'Events of the session that this query had not seen yet are not there any more.',
    hint: 'A limit of the server removed them while this client was away; the session itself goes on.',
  })
}
