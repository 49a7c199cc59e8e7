import type { PromptStatus } from './card.ts'
import { textOf, textsOf, type Fields } from './fields.ts'
import { append, cardAt, change, without, type Transcript } from './transcript.ts'

/** Adds a prompt that this page sends. */
export function addPrompt(before: Transcript, uuid: string, text: string, message: unknown): Transcript {
  const after = append(before, {
    kind: 'prompt',
    uuid,
    text,
    status: 'queued',
    raw: [message],
    parent: undefined,
  })
  return { ...after, openPrompts: { ...after.openPrompts, [uuid]: before.count } }
}

/** Follows what the CLI says about a prompt's way through its queue. */
export function applyLifecycle(before: Transcript, message: Fields): Transcript {
  const uuid = textOf(message['command_uuid'])
  switch (message['state']) {
    case 'queued':
      return before
    case 'started':
      return startPrompts({ ...before, active: true }, uuid === undefined ? [] : [uuid])
    case 'cancelled':
      return endPrompts(before, uuid, 'interrupted')
    default:
      return endPrompts(before, uuid, 'done')
  }
}

/** Marks the prompts that a message of the agent belongs to as running. */
export function startPrompts(before: Transcript, uuids: readonly string[]): Transcript {
  let transcript = before
  for (const uuid of uuids) {
    if (statusOf(before, uuid) === 'running') continue
    transcript = change(transcript, before.openPrompts[uuid], 'prompt', (card) => {
      return { ...card, status: 'running' }
    })
  }
  return transcript
}

/** Ends one prompt, or many. */
export function endPrompts(
  before: Transcript,
  uuids: string | readonly string[] | undefined,
  status: PromptStatus,
): Transcript {
  let transcript = before
  for (const uuid of typeof uuids === 'string' ? [uuids] : (uuids ?? [])) {
    transcript = change(transcript, transcript.openPrompts[uuid], 'prompt', (card) => ({ ...card, status }))
    transcript = { ...transcript, openPrompts: without(transcript.openPrompts, uuid) }
  }
  return transcript
}

/** Marks the open prompts whose end may have been missed. */
export function unsettlePrompts(before: Transcript): Transcript {
  let transcript = before
  for (const position of Object.values(before.openPrompts)) {
    transcript = change(transcript, position, 'prompt', (card) => ({ ...card, status: 'unsettled' }))
  }
  return transcript
}

/** The open prompts of a status, oldest first. */
export function openPrompts(transcript: Transcript, status: PromptStatus): string[] {
  return Object.keys(transcript.openPrompts).filter((uuid) => statusOf(transcript, uuid) === status)
}

/** The prompts that a message of the SDK says it belongs to. */
export function promptsOf(message: Fields): string[] {
  const one = textOf(message['user_message_uuid'])
  const many = textsOf(message['user_message_uuids'])
  return many.length > 0 ? many : one === undefined ? [] : [one]
}

function statusOf(transcript: Transcript, uuid: string): PromptStatus | undefined {
  const position = transcript.openPrompts[uuid]
  const card = position === undefined ? undefined : cardAt(transcript, position)
  return card?.kind === 'prompt' ? card.status : undefined
}
