import type { SessionStatus } from '@claude-agent/protocol'
import type { Card, PromptCard } from './card.ts'

/** Cards of one page; pages let a change touch 64 cards instead of all of them. */
export type Page = readonly Card[]

export const PAGE_SIZE = 64

/** A message that is being streamed. */
export interface LiveMessage {
  /** Position of the card of each block, by the block's index; undefined once the whole block has come. */
  blocks: Readonly<Record<number, number | undefined>>
  /** Position of the card that collects the partial messages. */
  rows: number
  /** The connection was lost meanwhile, so what follows may have a gap. */
  stale: boolean
}

/** Everything said so far. Immutable: each change makes a new one that shares what did not change. */
export interface Transcript {
  pages: readonly Page[]
  count: number
  /** The messages that are being streamed, by their id. */
  live: Readonly<Record<string, LiveMessage>>
  /** Which message the agent (`''`) or a sub-agent streams now. */
  streaming: Readonly<Record<string, string>>
  /** Position of each tool call that has no result yet. */
  openTools: Readonly<Record<string, number>>
  /** Prompts behind the one that runs; they get a position when their turn begins. */
  waiting: readonly PromptCard[]
  /** Position of each prompt that has begun and not ended. */
  openPrompts: Readonly<Record<string, number>>
  /** Position of each ask that is open. */
  openAsks: Readonly<Record<string, number>>
  /** The agent as it last introduced itself. */
  session: string
  /** Its model. */
  model: string | undefined
  /** What the session does, as its events tell; undefined before the first one that says so. */
  status: SessionStatus | undefined
  /** With `queued`: how many sessions get a process before this one. */
  position: number | undefined
  /** Everything that was there when the page came has been read. */
  caughtUp: boolean
  /** The running turn wrote some text. */
  answered: boolean
  /** The last thing worth saying aloud. */
  announcement: string
}

export const EMPTY_TRANSCRIPT: Transcript = {
  pages: [],
  count: 0,
  live: {},
  streaming: {},
  openTools: {},
  waiting: [],
  openPrompts: {},
  openAsks: {},
  session: '',
  model: undefined,
  status: undefined,
  position: undefined,
  caughtUp: false,
  answered: false,
  announcement: '',
}

/** The transcript with one more card; its position is the `count` before. */
export function append(transcript: Transcript, card: Card): Transcript {
  const last = transcript.pages.at(-1)
  const pages =
    last === undefined || last.length === PAGE_SIZE
      ? [...transcript.pages, [card]]
      : transcript.pages.with(-1, [...last, card])
  return { ...transcript, pages, count: transcript.count + 1 }
}

/** The card at a position. */
export function cardAt(transcript: Transcript, position: number): Card | undefined {
  return transcript.pages[Math.floor(position / PAGE_SIZE)]?.[position % PAGE_SIZE]
}

/** The transcript with the card at a position changed, when it is of the kind that is expected there. */
export function change<K extends Card['kind']>(
  transcript: Transcript,
  position: number | undefined,
  kind: K,
  edit: (card: Extract<Card, { kind: K }>) => Card,
): Transcript {
  if (position === undefined) return transcript
  const card = cardAt(transcript, position)
  if (card?.kind !== kind) return transcript
  const index = Math.floor(position / PAGE_SIZE)
  const edited = edit(card as Extract<Card, { kind: K }>)
  if (edited === card) return transcript
  const page = transcript.pages[index]!.with(position % PAGE_SIZE, edited)
  return { ...transcript, pages: transcript.pages.with(index, page) }
}

/** A record without one key. */
export function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  const { [key]: _, ...rest } = record
  return rest
}

/** Whether a prompt of anybody has not ended. */
export function isBusy(transcript: Transcript): boolean {
  return transcript.waiting.length > 0 || Object.keys(transcript.openPrompts).length > 0
}

/** The position of the ask that has been open for longest. */
export function firstOpenAsk(transcript: Transcript): number | undefined {
  const positions = Object.values(transcript.openAsks)
  return positions.length === 0 ? undefined : Math.min(...positions)
}
