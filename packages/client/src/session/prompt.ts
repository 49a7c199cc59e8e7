import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import {
  AgentServerError,
  type ErrorFields,
  type MessageAccepted,
  parseErrorBody,
  type PromptOutcome,
  type UserMessageInput,
} from '@claude-agent/protocol'
import { randomUuid } from '../uuid.ts'
import type { ClientEvent, Prompt, SendOptions } from './types.ts'

/** A prompt that did not run to its end, or whose result is not known. */
export class PromptError extends AgentServerError {
  readonly uuid: string
  readonly outcome: PromptOutcome
  /** The result of its turn, where the SDK gave one. */
  readonly result: SDKResultMessage | undefined

  constructor(fields: ErrorFields & Pick<PromptError, 'uuid' | 'outcome' | 'result'>) {
    super(fields)
    this.uuid = fields.uuid
    this.outcome = fields.outcome
    this.result = fields.result
  }
}

/** A prompt as the SDK's message, with a uuid. */
export function encodePrompt(
  prompt: Prompt,
  { uuid, priority }: SendOptions,
): UserMessageInput & { uuid: string } {
  const { content } = typeof prompt === 'string' ? { content: prompt } : 'message' in prompt ? {} : prompt
  const message: UserMessageInput =
    content === undefined
      ? (prompt as UserMessageInput)
      : { type: 'user', message: { role: 'user', content } }
  return {
    ...message,
    uuid: uuid ?? message.uuid ?? randomUuid(),
    ...(priority === undefined ? {} : { priority }),
  }
}

/** Finds the SDK's result of a prompt among the events from its acceptance on. */
export class PromptWatch {
  readonly #accepted: MessageAccepted
  #result: SDKResultMessage | undefined
  #failure: AgentServerError | undefined

  constructor(accepted: MessageAccepted) {
    this.#accepted = accepted
  }

  /**
   * The result, once the prompt has ended.
   * @throws PromptError when it ended otherwise; AgentServerError `history_lost` when nobody can know any more.
   */
  hear(event: ClientEvent): SDKResultMessage | undefined {
    const { uuid, turn } = this.#accepted
    if (event.type === 'gap') throw lostSight(uuid)
    if (event.type === 'error') this.#failure = parseErrorBody(event)
    if (event.type === 'sdk_message' && event.data.type === 'result' && !this.#names(this.#result)) {
      this.#result = event.data
    }
    if (event.type !== 'prompt_ended') return undefined
    if (event.uuid === uuid) return this.#conclude(event.outcome)
    // What came before belongs to that prompt, unless both share a turn.
    if (turn === 'own' && !this.#names(this.#result)) this.#result = this.#failure = undefined
    return undefined
  }

  /** Whether a result says by itself that it is of this prompt. */
  #names(result: { user_message_uuids?: string[] } | undefined): boolean {
    return result?.user_message_uuids?.includes(this.#accepted.uuid) === true
  }

  #conclude(outcome: PromptOutcome): SDKResultMessage {
    const { uuid } = this.#accepted
    const result = this.#result
    if (outcome === 'completed' && result !== undefined) return result
    if (outcome === 'failed' && this.#failure !== undefined) {
      const { code, message, hint } = this.#failure
      throw new PromptError({ code, message, hint, uuid, outcome, result })
    }
    const isStopped = outcome === 'interrupted' || outcome === 'cancelled'
    throw new PromptError({
      code: isStopped ? 'prompt_interrupted' : 'internal',
      message: `The prompt ${uuid} was ${outcome}${outcome === 'completed' ? ', and its result is lost' : ''}.`,
      hint: 'The events of the session show how far it came.',
      uuid,
      outcome,
      result,
    })
  }
}

/** The error for a prompt whose end may lie in a gap. */
function lostSight(uuid: string): AgentServerError {
  return new AgentServerError({
    code: 'history_lost',
    message: `The events that tell how the prompt ${uuid} ended are not there any more.`,
    hint: 'Look at the session: its status says whether a turn runs.',
  })
}
