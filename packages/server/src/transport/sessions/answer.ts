import { AgentServerError, type Answer } from '@claude-agent/protocol'

/** What an answer holds: a result, or why there is none. @throws AgentServerError `code` when it has both or neither */
export function readAnswer(
  { result, error }: Pick<Answer, 'result' | 'error'>,
  code: 'invalid_request' | 'invalid_message',
): { result?: unknown; error?: string } {
  if (result !== undefined && error === undefined) return { result }
  if (error !== undefined && result === undefined) return { error }
  throw new AgentServerError({
    code,
    message: `An answer has one of 'result' and 'error'; this one has ${result === undefined ? 'neither' : 'both'}.`,
    hint: "Send what the SDK's callback would return as 'result', or the reason of a refusal as 'error'.",
  })
}
