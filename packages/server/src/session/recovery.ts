import type { NewEvent } from '@claude-agent/protocol'
import type { Transcript } from '../agent/transcript.ts'
import { historyLost } from './refusals.ts'
import type { AcceptedPrompt, SessionState } from './state.ts'

/** What is to be done about prompts whose agent has died. */
export interface Recovery {
  /** To be logged, in this order, before the session goes on. */
  events: NewEvent[]
  /** Never entered the conversation: these get their turns. */
  again: AcceptedPrompt[]
  /** Their turn waits for the answer to a question, or for being taken up again with it. */
  suspended: AcceptedPrompt[]
}

/**
 * Decides by the transcript, which is what the model remembers. A prompt that is not in it was never heard by the model
 * and is run; one that is in it is not run again: its turn goes on where it waits for a question, else it has ended.
 */
export function recover(
  prompts: readonly AcceptedPrompt[],
  state: SessionState,
  transcript: Transcript | undefined,
): Recovery {
  const recovery: Recovery = { events: [], again: [], suspended: [] }
  const entered = prompts.filter(({ uuid }) => transcript?.hasPrompt(uuid))
  recovery.again = prompts.filter((prompt) => !entered.includes(prompt))
  const [first] = entered
  if (transcript === undefined || first === undefined) return recovery
  const kept = transcript.messagesSince(first.uuid)
  for (const data of kept) {
    const { uuid } = data as { uuid?: string }
    if (uuid !== undefined && !state.conversation.hasHeard(uuid))
      recovery.events.push({ type: 'sdk_message', data, recovered: true })
  }
  const known = new Set(kept.map(({ uuid }) => uuid as string | undefined))
  const forgotten = [...state.conversation.said].filter((uuid) => !known.has(uuid)).length
  if (forgotten > 0) {
    const error = historyLost(
      `The agent's process ended before ${forgotten} of its last messages were in its transcript: it does not remember them.`,
    )
    recovery.events.push({ type: 'error', ...error.toJSON() })
  }
  const question = openQuestion(state, transcript)
  if (question !== undefined) {
    // The turn goes on from the question: what the CLI began behind it is left behind.
    recovery.suspended = entered.filter(({ uuid }) => transcript.isBefore(uuid, question))
    for (const { uuid } of entered.filter((prompt) => !recovery.suspended.includes(prompt))) {
      const error = historyLost(`The prompt '${uuid}' was begun while a question was open: its turn is lost.`)
      recovery.events.push(
        { type: 'error', ...error.toJSON() },
        { type: 'prompt_ended', uuid, outcome: 'failed' },
      )
    }
    return recovery
  }
  for (const { uuid } of entered) {
    recovery.events.push({
      type: 'prompt_ended',
      uuid,
      outcome: transcript.hasEnded(uuid) ? 'completed' : 'interrupted',
    })
  }
  return recovery
}

/** The question that is open, or was answered without the agent having been told. */
function openQuestion(state: SessionState, transcript: Transcript): string | undefined {
  const open = state.asks.find(({ deferred }) => deferred)?.ask
  if (open !== undefined) return open
  const answered = state.answeredQuestion
  return answered !== undefined && !transcript.hasResult(answered) ? answered : undefined
}
