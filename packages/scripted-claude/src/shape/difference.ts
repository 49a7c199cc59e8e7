import type { RequestShape, ResultShape } from '../cassette/cassette.ts'

/** How alike a request and a recorded one have to be. */
export type Strictness = 'loose' | 'strict'

/** Something in which a request is not like a recorded one. */
export interface Difference {
  /** What it is, in words. */
  what: string
  recorded: unknown
  seen: unknown
  /** Whether it keeps the two from matching; else it only makes another recording the better match. */
  isDecisive: boolean
}

/** In what a request differs from a recorded one, the decisive differences first. */
export function differencesOf(
  recorded: RequestShape,
  seen: RequestShape,
  strictness: Strictness,
): Difference[] {
  const isStrict = strictness === 'strict'
  const isAnswered = seen.path === '/v1/messages'
  const isMessage = isAnswered && seen.kind === 'message'
  const found: Difference[] = []
  const compare = (what: string, isDecisive: boolean, read: (shape: RequestShape) => unknown) => {
    const [one, other] = [read(recorded), read(seen)]
    if (JSON.stringify(one) !== JSON.stringify(other))
      found.push({ what, recorded: one, seen: other, isDecisive })
  }
  compare('the kind of the request', isStrict || isAnswered, ({ kind }) => kind)
  compare('whether the answer is streamed', isStrict || isAnswered, ({ stream }) => stream)
  compare('the text of the user', isStrict || isMessage, ({ says = [] }) => says)
  compare('the tools that gave results', isStrict || isMessage, ({ results = [] }) => results.map(outcomeOf))
  compare('the kinds of what the user shows', isStrict || isMessage, ({ shows = [] }) => shows.map(firstWord))
  compare('the family of the model', isStrict || isMessage, ({ model }) => familyOf(model))
  compare('the ids of the tool calls', isStrict, ({ results = [] }) => results.map(({ id }) => id))
  compare('what was said before', isStrict, ({ history }) => history)
  compare('the texts of the tool results', isStrict, ({ results = [] }) => results.map(({ text }) => text))
  compare('what the user shows', isStrict, ({ shows = [] }) => shows)
  compare('the model', isStrict, ({ model }) => model)
  compare('the tools offered', isStrict, ({ tools = [] }) => tools)
  return found.toSorted((one, other) => Number(other.isDecisive) - Number(one.isDecisive))
}

/** A difference in words, with the first place where texts part. */
export function describeDifference({ what, recorded, seen }: Difference): string {
  const [one, other] = [JSON.stringify(recorded) ?? 'nothing', JSON.stringify(seen) ?? 'nothing']
  let start = 0
  while (start < one.length && one[start] === other[start]) start += 1
  return `${what}: ${excerpt(other, start)}, recorded is ${excerpt(one, start)}`
}

/** A long text around the place that matters. */
function excerpt(text: string, place: number): string {
  if (text.length <= 160) return text
  const start = Math.max(0, Math.min(place - 40, text.length - 120))
  const end = start + 120
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`
}

/** A tool result by its tool and by whether it failed. */
function outcomeOf({ tool, isError }: ResultShape): string {
  return isError === true ? `${tool} failed` : tool
}

function firstWord(text: string): string {
  return text.split(' ')[0] ?? ''
}

/** The family of a model: `opus` of `claude-opus-5-5`; the whole name where there is none. */
function familyOf(model: string | undefined): string | undefined {
  return /^(?:.*[./])?claude-(?:[\d-]+-)?([a-z]+)/.exec(model ?? '')?.[1] ?? model
}
