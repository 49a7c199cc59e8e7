import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { NewEvent, PromptOutcome, UserMessageInput } from '@claude-agent/protocol'
import { drawUuid } from '../random.ts'

interface OpenPrompt {
  /** The controller gave it no uuid: what the CLI says of it is not for the controller. */
  isNameless: boolean
  isStarted: boolean
  isInterrupted: boolean
  hasResult: boolean
}

/** What the CLI tells of a prompt's life, in a message that no type of the SDK names. */
interface Lifecycle {
  type: string
  command_uuid?: string
  state?: 'queued' | 'started' | 'completed' | 'cancelled' | 'discarded' | 'refused'
}

/** The prompts of a controller, told as events: that they were given, and how they ended. */
export class Prompts {
  readonly #publish: (event: NewEvent) => void
  readonly #isKnown: (uuid: string) => boolean
  readonly #open = new Map<string, OpenPrompt>()

  /** @param isKnown a prompt with this uuid was given before; the CLI does not take it again */
  constructor(publish: (event: NewEvent) => void, isKnown: (uuid: string) => boolean) {
    this.#publish = publish
    this.#isKnown = isKnown
  }

  /** How many have not ended. */
  get size(): number {
    return this.#open.size
  }

  /** Tells of a prompt; gives it back with its uuid. */
  take(message: UserMessageInput): UserMessageInput & { uuid: string } {
    const uuid = message.uuid ?? drawUuid()
    const data = { ...message, uuid }
    if (this.#open.has(uuid) || this.#isKnown(uuid)) return data
    const isNameless = message.uuid === undefined
    this.#open.set(uuid, { isNameless, isStarted: false, isInterrupted: false, hasResult: false })
    this.#publish({ type: 'user_message', uuid, data })
    return data
  }

  /** Hears a message of the agent; says whether it is for the controller. */
  hear(message: SDKMessage): boolean {
    if (message.type === 'result')
      for (const prompt of this.#open.values()) prompt.hasResult ||= prompt.isStarted
    const { type, command_uuid, state } = message as Lifecycle
    if (type !== 'command_lifecycle' || command_uuid === undefined) return true
    const prompt = this.#open.get(command_uuid)
    if (prompt === undefined) return true
    if (state === 'started') prompt.isStarted = true
    else if (state === 'completed')
      this.#end(command_uuid, prompt.isInterrupted ? 'interrupted' : 'completed')
    else if (state === 'cancelled' || state === 'discarded')
      this.#end(command_uuid, prompt.isStarted ? 'interrupted' : 'cancelled')
    else if (state === 'refused') this.#end(command_uuid, 'failed')
    return !prompt.isNameless
  }

  /** The turn that runs is to be stopped. */
  interrupt(): void {
    for (const prompt of this.#open.values()) prompt.isInterrupted ||= prompt.isStarted
  }

  /** The agent is gone. */
  lose(): void {
    for (const [uuid, { isStarted, hasResult }] of this.#open)
      this.#end(uuid, hasResult ? 'completed' : isStarted ? 'interrupted' : 'cancelled')
  }

  #end(uuid: string, outcome: PromptOutcome): void {
    this.#open.delete(uuid)
    this.#publish({ type: 'prompt_ended', uuid, outcome })
  }
}
