import type { Cassette, CassetteExchange, RequestShape } from '../cassette/cassette.ts'
import type { Difference, Strictness } from '../shape/difference.ts'
import { describeDifference, differencesOf } from '../shape/difference.ts'
import { isSideRequest } from './side-request.ts'

/** A recorded exchange, and how often it has been played. */
interface Recording {
  exchange: CassetteExchange
  /** From 1, as in messages. */
  place: number
  uses: number
}

/** What was found for a request. */
export type Finding =
  | { type: 'found'; exchange: CassetteExchange; place: number }
  | { type: 'missing'; reason: string }

/** The recordings of a cassette; each is played once, in order among equals. */
export class Shelf {
  readonly #recordings: readonly Recording[]
  readonly #strictness: Strictness
  readonly #repeats: boolean

  constructor(cassette: Cassette, strictness: Strictness, repeats: boolean) {
    this.#recordings = cassette.exchanges.map((exchange, index) => ({ exchange, place: index + 1, uses: 0 }))
    this.#strictness = strictness
    this.#repeats = repeats
  }

  /** The recordings never played, each in a few words; loosely matched, without what the client asks on the side. */
  get unused(): string[] {
    return this.#recordings
      .filter(({ uses, exchange }) => uses === 0 && !this.#mayRepeat(exchange.request))
      .map(({ place, exchange }) => `exchange ${place}: ${describeRequest(exchange.request)}`)
  }

  /** Takes the recording that fits a request best. */
  take(seen: RequestShape): Finding {
    const here = this.#recordings.filter(({ exchange: { request } }) => {
      return request.method === seen.method && request.path === seen.path
    })
    const compared = here.map((recording) => ({
      recording,
      differences: differencesOf(recording.exchange.request, seen, this.#strictness),
    }))
    const fitting = compared.filter(({ differences }) => !differences.some(({ isDecisive }) => isDecisive))
    const unused = fitting.filter(({ recording }) => recording.uses === 0)
    const mayRepeat = this.#repeats || this.#mayRepeat(seen)
    const best = closest(unused) ?? (mayRepeat ? closest(fitting.toReversed()) : undefined)
    if (best !== undefined) {
      best.recording.uses += 1
      return { type: 'found', exchange: best.recording.exchange, place: best.recording.place }
    }
    return { type: 'missing', reason: this.#reasonOf(seen, compared, fitting) }
  }

  #mayRepeat(shape: RequestShape): boolean {
    return this.#strictness === 'loose' && isSideRequest(shape)
  }

  #reasonOf(seen: RequestShape, compared: readonly Compared[], fitting: readonly Compared[]): string {
    const request = describeRequest(seen)
    const used = closest(fitting)
    if (used !== undefined) {
      const times = fitting.length === 1 ? 'once' : `${fitting.length} times`
      return `${request}: recorded ${times} (last in exchange ${fitting.at(-1)?.recording.place}) and asked for once more`
    }
    // Those not played yet are more likely to be what was meant.
    const nearest = closest(compared.filter(({ recording }) => recording.uses === 0)) ?? closest(compared)
    const [first] = nearest?.differences ?? []
    if (nearest === undefined || first === undefined)
      return `${request}: nothing was recorded for ${seen.method} ${seen.path}`
    return `${request}: nearest is exchange ${nearest.recording.place}, which differs in ${describeDifference(first)}`
  }
}

/** A recording beside a request. */
interface Compared {
  recording: Recording
  differences: readonly Difference[]
}

/** The first of those with the fewest differences, decisive ones before all. */
function closest(compared: readonly Compared[]): Compared | undefined {
  let best: { one: Compared; weight: number } | undefined
  for (const one of compared) {
    const weight = one.differences.reduce((sum, { isDecisive }) => sum + (isDecisive ? 100 : 1), 0)
    if (best === undefined || weight < best.weight) best = { one, weight }
  }
  return best?.one
}

/** A request in a few words. */
function describeRequest({ method, path, kind, says, results }: RequestShape): string {
  if (kind === undefined) return `${method} ${path}`
  const texts = says?.map((text) => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)) ?? []
  const after = results?.map(({ tool, isError }) => `${tool}${isError === true ? ' (failed)' : ''}`) ?? []
  return [
    `a ${path === '/v1/messages' ? '' : `${path} `}${kind} request`,
    ...(texts.length === 0 ? [] : [`with the text ${texts.join(' and ')}`]),
    ...(after.length === 0 ? [] : [`after results of ${after.join(', ')}`]),
  ].join(' ')
}
