import type { CassetteAnswer, CassetteEvent } from '../cassette/cassette.ts'
import { directoryPlaceholder } from '../cassette/cassette.ts'
import { directoryPattern } from '../shape/volatile.ts'
import type { Secrets } from './secrets.ts'
import type { Stretch } from './stretch.ts'
import { mergeStretches, replaceAcross, stretchesOf } from './stretch.ts'

/** Fields that tell whose account it is; they are not looked for in what the model says. */
const accountField =
  /^(?:request|organi[sz]ation|org|account|user|workspace|device|session|api_?key)_?(?:id|uuid|name)$|^email(?:_address)?$/i

/** The parts of an answer that the model says, whatever their fields are called. */
const spokenFields = new Set(['content', 'content_block', 'delta'])

/** The fields of deltas that come in pieces. */
const pieceFields = ['text', 'thinking', 'partial_json'] as const

/** What is looked for in an answer. */
interface Search {
  secrets: Secrets
  directory: RegExp
  /** The same folder inside JSON that is inside a string. */
  quotedDirectory: RegExp
}

/** An answer without secrets and account data, and with a placeholder for the folder that the agent works in. */
export function redactAnswer(
  answer: CassetteAnswer,
  secrets: Secrets,
  directory: string | undefined,
): CassetteAnswer {
  const search: Search = {
    secrets,
    directory: directoryPattern(directory ?? ''),
    quotedDirectory: directoryPattern(JSON.stringify(directory ?? '').slice(1, -1)),
  }
  const { headers, events, body, text, ...fields } = answer
  return {
    ...fields,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, secrets.clean(value)])),
    ...(events === undefined ? {} : { events: redactEvents(events, search) }),
    ...(body === undefined ? {} : { body: redactValue(body, search, isError(body)) }),
    ...(text === undefined ? {} : { text: secrets.clean(text) }),
  }
}

/** Events, cleaned one by one and across the deltas of each block. */
function redactEvents(events: readonly CassetteEvent[], search: Search): CassetteEvent[] {
  const joined = events.map((event) => structuredClone(event))
  for (const pieces of piecesOf(joined)) {
    const isJson = pieces.field === 'partial_json'
    const texts = pieces.deltas.map((delta) => delta[pieces.field] as string)
    const stretches = findIn(texts.join(''), search, isJson)
    for (const [index, text] of replaceAcross(texts, stretches).entries()) {
      const delta = pieces.deltas[index]
      if (delta !== undefined) delta[pieces.field] = text
    }
  }
  return joined.map(({ data, text, ...event }) => ({
    ...event,
    ...(data === undefined ? {} : { data: redactValue(data, search, isError(data)) }),
    ...(text === undefined ? {} : { text: search.secrets.clean(text) }),
  }))
}

/** The deltas of each block that together make one text. */
export function piecesOf(
  events: readonly CassetteEvent[],
): { field: (typeof pieceFields)[number]; deltas: Record<string, unknown>[] }[] {
  const found = new Map<string, { field: (typeof pieceFields)[number]; deltas: Record<string, unknown>[] }>()
  for (const { data } of events) {
    const { index, delta } = (data ?? {}) as { index?: unknown; delta?: Record<string, unknown> | null }
    const field = pieceFields.find((name) => typeof delta?.[name] === 'string')
    if (field === undefined || delta === undefined || delta === null) continue
    const key = `${String(index)} ${field}`
    const pieces = found.get(key) ?? { field, deltas: [] }
    pieces.deltas.push(delta)
    found.set(key, pieces)
  }
  return [...found.values()]
}

/** A JSON value, its strings cleaned; outside of what the model says, without the fields of the account. */
function redactValue(value: unknown, search: Search, isError: boolean, isSpoken = false): unknown {
  if (typeof value === 'string') return redactText(value, search, isError)
  if (Array.isArray(value)) return value.map((item: unknown) => redactValue(item, search, isError, isSpoken))
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value)
    .filter(([name]) => isSpoken || !accountField.test(name))
    .map(([name, field]: [string, unknown]) => [
      search.secrets.clean(name),
      redactValue(field, search, isError, isSpoken || spokenFields.has(name)),
    ])
  return Object.fromEntries(fields) as object
}

const uuid = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi
const email = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g

/** Error messages name organizations and people. */
function redactText(text: string, search: Search, isError: boolean): string {
  const found = findIn(text, search, false)
  const named = isError ? [uuid, email].flatMap((pattern) => stretchesOf(text, pattern, '[removed]')) : []
  return replaceAcross([text], mergeStretches([...found, ...named]))[0] ?? ''
}

function findIn(text: string, search: Search, isJson: boolean): Stretch[] {
  const directory = stretchesOf(
    text,
    isJson ? search.quotedDirectory : search.directory,
    directoryPlaceholder,
  )
  return mergeStretches([...search.secrets.find(text), ...directory])
}

/** Whether an event or body is an error of the API. */
function isError(value: unknown): boolean {
  return (value as { type?: unknown } | null)?.type === 'error'
}
