/** What these tests look at in a message of the SDK; which of it is there depends on the type. */
interface Said {
  type: string
  subtype?: string
  uuid: string
  result?: string
  message?: { content: string | { type: string; text?: string }[] }
  event?: { type: string; index?: number; delta?: { type: string; text?: string } }
}

/** A frame of a session's socket, an event of its stream, or an event of a page. */
export interface Frame {
  type: string
  seq?: number
  at?: number
  data?: Said
  uuid?: string
  outcome?: string
  status?: string
  replayed?: boolean
  recovered?: boolean
  after?: number
  first?: number
  log?: string
  lastSeq?: number
  client?: string
  id?: string
  result?: { uuid?: string; seq?: number; turn?: string; outcome?: string; by?: string }
  ask?: string
  error?: string
  code?: string
  hint?: string
  title?: string
}

/** The numbers of the events that have one, in the order in which they came. */
export function numbersOf(frames: readonly Frame[]): number[] {
  return frames.flatMap(({ type, seq }) => (seq === undefined || type === 'caught_up' ? [] : [seq]))
}

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

/** The texts of the agent's whole messages. */
export function textsOf(frames: readonly Frame[]): string[] {
  return frames.flatMap(({ data }) => {
    if (data?.type !== 'assistant' || typeof data.message?.content === 'string') return []
    return [(data.message?.content ?? []).map(({ text }) => text ?? '').join('')]
  })
}

/** The text that was streamed piece by piece. */
export function partialText(frames: readonly Frame[]): string {
  return frames.map(({ data }) => data?.event?.delta?.text ?? '').join('')
}

/** Whether it is the result of a turn. */
export function isResult({ data }: Frame): boolean {
  return data?.type === 'result'
}
