import { readFileSync } from 'node:fs'
import type { Card } from '../src/transcript/card.ts'
import { type Happening, reduce } from '../src/transcript/reduce.ts'
import { EMPTY_TRANSCRIPT, type Transcript } from '../src/transcript/transcript.ts'

export const RECORDINGS = [
  'api-error',
  'edit-file',
  'failing-tools',
  'interrupted',
  'reverse-file',
  'sub-agent',
] as const

export type Message = Record<string, unknown>

/** What a client of a real session got: the server, the SDK and the CLI are real, only the model is scripted. */
export const SESSIONS = [
  'elicitation',
  'permission',
  'question',
  'server-killed',
  'stream-from-middle',
  'stream-from-start',
] as const

/** What the real CLI said to a scripted model, message by message; or what a session told, event by event. */
export function readRecording(name: (typeof RECORDINGS)[number] | (typeof SESSIONS)[number]): Message[] {
  const text = readFileSync(new URL(`recordings/${name}.jsonl`, import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Message)
}

/** An event of a session. */
export function tell(event: unknown): Happening {
  return { type: 'event', event }
}

/** A message of the SDK as an event; partial ones have no number. */
export function sdk(data: unknown): Happening {
  const isPartial = (data as Message | undefined)?.['type'] === 'stream_event'
  return tell({ ...(isPartial ? {} : { seq: 1, at: 1 }), type: 'sdk_message', data })
}

/** The transcript after all of it. */
export function play(happenings: Happening[], from: Transcript = EMPTY_TRANSCRIPT): Transcript {
  return happenings.reduce(reduce, from)
}

export function cardsOf(transcript: Transcript): Card[] {
  return transcript.pages.flat()
}

/** The cards that are shown without “all messages”. */
export function shownCards(transcript: Transcript): Card[] {
  return cardsOf(transcript).filter((card) => {
    if (card.kind === 'raw') return !card.noise
    return (card.kind !== 'text' && card.kind !== 'thinking') || card.live || card.text !== ''
  })
}

/** The cards of one kind. */
export function cardsOfKind<K extends Card['kind']>(
  transcript: Transcript,
  kind: K,
): Extract<Card, { kind: K }>[] {
  return cardsOf(transcript).filter((card): card is Extract<Card, { kind: K }> => card.kind === kind)
}

/** A prompt that was accepted. */
export function prompt(uuid: string, text = 'do it', more: object = {}): Happening {
  const data = { type: 'user', uuid, message: { role: 'user', content: text } }
  return tell({ seq: 1, at: 1, type: 'user_message', uuid, data, ...more })
}

/** The end of a prompt. */
export function ended(uuid: string, outcome = 'completed'): Happening {
  return tell({ seq: 1, at: 1, type: 'prompt_ended', uuid, outcome })
}

/** A recorded turn of one prompt, from its acceptance to its end. */
export function turnOf(messages: Message[], outcome?: string): Happening[] {
  const lifecycle = messages.find((message) => message['type'] === 'command_lifecycle')
  const uuid = String(lifecycle?.['command_uuid'])
  return [prompt(uuid), ...messages.map(sdk), ended(uuid, outcome)]
}
