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

/** What the real CLI said to a scripted model, message by message. */
export function readRecording(name: (typeof RECORDINGS)[number]): Message[] {
  const text = readFileSync(new URL(`recordings/${name}.jsonl`, import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Message)
}

/** A message of the SDK as the server sends it. */
export function sdk(data: unknown): Happening {
  return { type: 'frame', frame: { type: 'sdk_message', data } }
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

/** A prompt of this page. */
export function prompt(uuid: string, text = 'do it'): Happening {
  return { type: 'prompt', uuid, text, message: { type: 'user_message', uuid } }
}

/** The prompt that the recorded turn answers, with its id. */
export function recordedPrompt(messages: Message[], text?: string): Happening {
  const lifecycle = messages.find((message) => message['type'] === 'command_lifecycle')
  return prompt(String(lifecycle?.['command_uuid']), text)
}
