import type { PromptCard, PromptStatus } from './card.ts'
import { fieldsOf, listOf, textOf, textsOf, type Fields } from './fields.ts'
import { appendRaw } from './raw.ts'
import { append, change, isBusy, without, type Transcript } from './transcript.ts'

/** Statuses in which a prompt has come to its end. */
const ENDED: Record<string, PromptStatus> = {
  completed: 'done',
  interrupted: 'interrupted',
  cancelled: 'cancelled',
  failed: 'failed',
}

/** Adds a prompt that this page is about to send: it is shown behind all else until the server has it. */
export function addSending(before: Transcript, uuid: string, text: string, message: unknown): Transcript {
  return wait(before, { kind: 'prompt', uuid, text, status: 'sending', raw: [message], parent: undefined })
}

/** Ends a prompt that the server did not take. */
export function endUnsent(before: Transcript, uuid: string): Transcript {
  return endPrompt(before, uuid, 'unsent')
}

/** Adds a prompt that was accepted. It waits behind the others until its turn begins. */
export function applyUserMessage(before: Transcript, event: Fields): Transcript {
  const uuid = textOf(event['uuid'])
  if (uuid === undefined || before.openPrompts[uuid] !== undefined) return before
  const others = before.waiting.filter((waiting) => waiting.uuid !== uuid)
  const transcript = { ...before, waiting: others }
  const accepted = others.filter(({ status }) => status !== 'sending')
  const text = textOfPrompt(fieldsOf(fieldsOf(event['data'])['message'])['content'])
  const card: PromptCard = { kind: 'prompt', uuid, text, status: 'queued', raw: [event], parent: undefined }
  return isBusy({ ...transcript, waiting: accepted }) && event['turn'] !== 'running'
    ? wait(transcript, card)
    : open(transcript, { ...card, status: 'running' })
}

/** Ends a prompt, as the server says it ended. One that was taken back while it waited is no part of what was said. */
export function applyPromptEnded(before: Transcript, event: Fields): Transcript {
  const uuid = textOf(event['uuid'])
  const taken = before.waiting.find((card) => card.uuid === uuid)
  if (taken !== undefined && event['outcome'] === 'cancelled') {
    const waiting = before.waiting.filter((card) => card !== taken)
    return appendRaw({ ...before, waiting }, 'prompt taken back', taken.raw[0], true)
  }
  return uuid === undefined
    ? before
    : endPrompt(before, uuid, ENDED[textOf(event['outcome']) ?? ''] ?? 'done')
}

/** Ends prompts of which nobody knows how they ended. */
export function endPrompts(before: Transcript, uuids: readonly string[]): Transcript {
  return uuids.reduce((transcript, uuid) => endPrompt(transcript, uuid, 'done'), before)
}

/** Marks prompts as running, which gives those that waited their place. */
export function startPrompts(before: Transcript, uuids: readonly string[]): Transcript {
  return uuids.reduce((transcript, uuid) => place(transcript, uuid, 'running'), before)
}

/** The prompts that a message of the SDK says it belongs to. */
export function promptsOf(message: Fields): string[] {
  const one = textOf(message['user_message_uuid'])
  const many = textsOf(message['user_message_uuids'])
  return many.length > 0 ? many : one === undefined ? [] : [one]
}

/** Whether the prompt is known and has not ended. */
export function isOpen(transcript: Transcript, uuid: string): boolean {
  return transcript.openPrompts[uuid] !== undefined || transcript.waiting.some((card) => card.uuid === uuid)
}

function endPrompt(before: Transcript, uuid: string, status: PromptStatus): Transcript {
  const placed = place(before, uuid, status)
  return { ...placed, openPrompts: without(placed.openPrompts, uuid) }
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

/** Puts a prompt behind those that wait; what the server has not acknowledged comes last. */
function wait(before: Transcript, card: PromptCard): Transcript {
  const order = (one: PromptCard): number => (one.status === 'sending' ? 1 : 0)
  return { ...before, waiting: [...before.waiting, card].toSorted((a, b) => order(a) - order(b)) }
}

function textOfPrompt(content: unknown): string {
  if (typeof content === 'string') return content
  return listOf(content)
    .map((block) => textOf(block['text']) ?? `(${textOf(block['type']) ?? 'a block without type'})`)
    .join('\n\n')
}
