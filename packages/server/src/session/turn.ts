import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AcceptedPrompt } from './state.ts'

/** A question to the user on which a turn ended for now. */
export interface DeferredQuestion {
  id: string
  name: string
  input: Record<string, unknown>
}

/** How a turn ended: in order, stopped, or for now. */
export type TurnEnd = 'completed' | 'interrupted' | 'deferred'

/** What the CLI tells of a prompt's life, in a message that no type of the SDK names. */
interface Lifecycle {
  type: string
  command_uuid?: unknown
  state?: unknown
}

/**
 * Follows one prompt through the messages of the agent. `command_lifecycle` is its end, not `result`: background work
 * yields results of its own. The turn that goes on after the answer to a question has an id that the CLI draws.
 */
export class Turn {
  readonly prompt: AcceptedPrompt
  #command: string | undefined
  #isInterrupted = false
  #isHandedOver = false
  #isStarted = false
  #hasAnswer = false
  #isTakenBack = false
  #question: DeferredQuestion | undefined

  constructor(prompt: AcceptedPrompt, goesOn = false) {
    this.prompt = prompt
    this.#command = goesOn ? undefined : prompt.uuid
  }

  /** It goes on after an answer: there is nothing to send. */
  get goesOn(): boolean {
    return this.#command !== this.prompt.uuid
  }

  /** The agent has the prompt. */
  get isHandedOver(): boolean {
    return this.#isHandedOver
  }

  handOver(): void {
    this.#isHandedOver = true
  }

  /** The turn runs, so an interrupt reaches it. */
  get isStarted(): boolean {
    return this.#isStarted
  }

  /** The agent has said something in it: the prompt stands in the conversation for sure. */
  get hasAnswer(): boolean {
    return this.#hasAnswer
  }

  /** The agent is asked not to begin with it: that it does not is then no end of the prompt. */
  takeBack(): void {
    this.#isTakenBack = true
  }

  /** An interrupt was asked for. */
  interrupt(): void {
    this.#isInterrupted = true
  }

  get isInterrupted(): boolean {
    return this.#isInterrupted
  }

  /** The question on which it ended for now. */
  get question(): DeferredQuestion | undefined {
    return this.#question
  }

  /** Takes note of a message; tells how the turn ended when it has. */
  hear(message: SDKMessage): TurnEnd | undefined {
    const { type, command_uuid, state } = message as Lifecycle
    if (message.type === 'result' && message.subtype === 'success' && this.#isStarted)
      this.#question ??= message.deferred_tool_use
    if (type === 'assistant' && this.#isStarted) this.#hasAnswer = true
    if (type !== 'command_lifecycle' || typeof command_uuid !== 'string') return undefined
    if (state === 'started') this.#command ??= command_uuid
    if (command_uuid !== this.#command) return undefined
    this.#isStarted ||= state === 'started'
    if (state === 'cancelled') return this.#isTakenBack ? undefined : 'interrupted'
    return state === 'completed' ? this.#end() : undefined
  }

  #end(): TurnEnd {
    if (this.#question !== undefined) return 'deferred'
    return this.#isInterrupted ? 'interrupted' : 'completed'
  }
}
