import type { PromptCard, PromptStatus } from './card.ts'
import { textOf, textsOf, type Fields } from './fields.ts'
import { append, change, isBusy, without, type Transcript } from './transcript.ts'

/** Adds a prompt that this page sends. It waits behind the others until its turn begins. */
export function addPrompt(before: Transcript, uuid: string, text: string, message: unknown): Transcript {
  const common = { kind: 'prompt' as const, uuid, text, raw: [message], parent: undefined }
  return isBusy(before)
    ? { ...before, waiting: [...before.waiting, { ...common, status: 'queued' }] }
    : open(before, { ...common, status: 'running' })
}

/** Follows what the CLI says about a prompt's way through its queue. */
export function applyLifecycle(before: Transcript, message: Fields): Transcript {
  const uuid = textOf(message['command_uuid'])
  const named = uuid === undefined ? [] : [uuid]
  switch (message['state']) {
    case 'queued':
      return before
    case 'started':
      return startPrompts({ ...before, active: true }, named)
    case 'cancelled':
    case 'discarded':
      return endPrompts(before, named, 'interrupted')
    case 'failed':
      return endPrompts(before, named, 'failed')
    default:
      return endPrompts(before, named, 'done')
  }
}

/** Marks prompts as running, which gives those that waited their place. */
export function startPrompts(before: Transcript, uuids: readonly string[]): Transcript {
  return uuids.reduce((transcript, uuid) => place(transcript, uuid, 'running'), before)
}

/** Ends prompts. */
export function endPrompts(before: Transcript, uuids: readonly string[], status: PromptStatus): Transcript {
  return uuids.reduce((transcript, uuid) => {
    const placed = place(transcript, uuid, status)
    return placed.openPrompts[uuid] === undefined
      ? placed
      : { ...placed, openPrompts: without(placed.openPrompts, uuid) }
  }, before)
}

/** Marks the prompts whose end may be missed. */
export function unsettlePrompts(before: Transcript): Transcript {
  const uuids = [...Object.keys(before.openPrompts), ...before.waiting.map((card) => card.uuid!)]
  return uuids.reduce((transcript, uuid) => place(transcript, uuid, 'unsettled'), before)
}

/** The prompts that a message of the SDK says it belongs to. */
export function promptsOf(message: Fields): string[] {
  const one = textOf(message['user_message_uuid'])
  const many = textsOf(message['user_message_uuids'])
  return many.length > 0 ? many : one === undefined ? [] : [one]
}

/** Whether this page sent the prompt and has not heard of its end. */
export function isOpen(transcript: Transcript, uuid: string): boolean {
  return transcript.openPrompts[uuid] !== undefined || transcript.waiting.some((card) => card.uuid === uuid)
}

/** Gives a prompt its status; one that waited leaves the queue for the end of the transcript. */
function place(before: Transcript, uuid: string, status: PromptStatus): Transcript {
  const card = before.waiting.find((waiting) => waiting.uuid === uuid)
  if (card === undefined) {
    return change(before, before.openPrompts[uuid], 'prompt', (placed) => {
      return placed.status === status ? placed : { ...placed, status }
    })
  }
  const waiting = before.waiting.filter((other) => other !== card)
  return open({ ...before, waiting }, { ...card, status })
}

function open(before: Transcript, card: PromptCard): Transcript {
  return { ...append(before, card), openPrompts: { ...before.openPrompts, [card.uuid!]: before.count } }
}
