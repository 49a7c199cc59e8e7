import { AgentServerError, type UserMessageInput } from '@claude-agent/protocol'

/** What was accepted, by uuid: each prompt once. The CLI answers a second one with silence. */
export class Admission {
  readonly #fingerprint: (value: unknown) => string
  readonly #accepted = new Map<string, string>()

  constructor(fingerprint: (value: unknown) => string) {
    this.#fingerprint = fingerprint
  }

  /**
   * Whether a prompt is new; false when the same one was accepted before.
   * @throws AgentServerError `uuid_conflict` when another one was
   */
  admit(uuid: string, { message }: UserMessageInput): boolean {
    const content = this.#fingerprint(message)
    const known = this.#accepted.get(uuid)
    if (known === content) return false
    if (known !== undefined) {
      throw new AgentServerError({
        code: 'uuid_conflict',
        message: `Another prompt with the uuid '${uuid}' was accepted before.`,
        hint: 'Give each prompt a uuid of its own; send the same one again only with the same message.',
      })
    }
    this.#accepted.set(uuid, content)
    return true
  }
}

export function stopping(): AgentServerError {
  return new AgentServerError({
    code: 'server_stopping',
    message: 'The server is shutting down.',
    retryAfterMs: 2000,
  })
}

export function noModelAccess(): AgentServerError {
  return new AgentServerError({
    code: 'no_model_access',
    message: 'There is no access to a model: no key was configured.',
    hint: 'POST /config {"anthropicApiKey": "…"}, or start the server with ANTHROPIC_API_KEY (docs/configuration.md).',
  })
}

export function interruptedEarly(): AgentServerError {
  return new AgentServerError({
    code: 'prompt_interrupted',
    message: 'The prompt was interrupted before the agent had begun with it.',
    hint: 'Send it again, as another prompt.',
  })
}

export function queueFull(waiting: number): AgentServerError {
  return new AgentServerError({
    code: 'queue_full',
    message: `${waiting} prompts wait already.`,
    hint: 'Wait for a result before you send more.',
    retryAfterMs: 1000,
  })
}
