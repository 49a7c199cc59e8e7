import { ScriptedClaudeError } from '../errors.ts'
import { requestKinds } from '../request/kind.ts'
import {
  readArray,
  readBoolean,
  readChoice,
  readNumber,
  readObject,
  readString,
} from '../script/json-fields.ts'
import type {
  Cassette,
  CassetteAnswer,
  CassetteEvent,
  CassetteExchange,
  RequestShape,
  ResultShape,
} from './cassette.ts'
import { cassetteVersion, keptHeaders } from './cassette.ts'

/** The longest pause that is played, in milliseconds. */
const maxPauseMs = 600_000

/**
 * Checks a cassette that came as JSON.
 * @throws ScriptedClaudeError `invalid_cassette`, naming the place
 */
export function parseCassette(value: unknown, name: string): Cassette {
  try {
    // What is too deep to be written as JSON could not be played.
    JSON.stringify(value)
    const version = (value as { scriptedClaudeCassette?: unknown } | null)?.scriptedClaudeCassette
    if (version !== cassetteVersion) {
      const seen = JSON.stringify(version)?.slice(0, 40) ?? 'nothing'
      throw new RangeError(`scriptedClaudeCassette: expected ${cassetteVersion}, got ${seen}.`)
    }
    const { exchanges } = readObject(value, 'cassette', ['scriptedClaudeCassette', 'exchanges'])
    return {
      scriptedClaudeCassette: cassetteVersion,
      exchanges: readArray(exchanges, 'exchanges').map((one, index) =>
        readExchange(one, `exchanges[${index}]`),
      ),
    }
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new ScriptedClaudeError({
      code: 'invalid_cassette',
      message: `${name} is not a cassette of this version: ${problem}`,
      hint: 'Record it again with scripted-claude record.',
      cause,
    })
  }
}

function readExchange(value: unknown, at: string): CassetteExchange {
  const { request, answer } = readObject(value, at, ['request', 'answer'])
  return { request: readRequest(request, `${at}.request`), answer: readAnswer(answer, `${at}.answer`) }
}

function readRequest(value: unknown, at: string): RequestShape {
  const known = ['method', 'path', 'kind', 'model', 'stream', 'says', 'results', 'shows', 'history', 'tools']
  const fields = readObject(value, at, known)
  const strings = (items: unknown, at: string) =>
    readArray(items, at).map((item, index) => readString(item, `${at}[${index}]`))
  const optional = <T>(name: string, read: (value: unknown, at: string) => T) =>
    fields[name] === undefined ? {} : { [name]: read(fields[name], `${at}.${name}`) }
  return {
    method: readString(fields['method'], `${at}.method`),
    path: readString(fields['path'], `${at}.path`),
    ...optional('kind', (kind, at) => readChoice(kind, at, requestKinds)),
    ...optional('model', readString),
    ...optional('stream', readBoolean),
    ...optional('says', strings),
    ...optional('results', (items, at) =>
      readArray(items, at).map((item, index) => readResult(item, `${at}[${index}]`)),
    ),
    ...optional('shows', strings),
    ...optional('history', readString),
    ...optional('tools', strings),
  }
}

function readResult(value: unknown, at: string): ResultShape {
  const fields = readObject(value, at, ['id', 'tool', 'isError', 'text'])
  const isError = fields['isError'] !== undefined && readBoolean(fields['isError'], `${at}.isError`)
  return {
    id: readString(fields['id'], `${at}.id`),
    tool: readString(fields['tool'], `${at}.tool`),
    ...(isError ? { isError: true } : {}),
    text: readString(fields['text'], `${at}.text`),
  }
}

function readAnswer(value: unknown, at: string): CassetteAnswer {
  const fields = readObject(value, at, ['status', 'headers', 'events', 'body', 'text', 'end'])
  const status = readNumber(fields['status'], `${at}.status`, 200)
  if (status > 599) throw new RangeError(`${at}.status: expected at most 599, got ${status}.`)
  const headers = Object.entries(readObject(fields['headers'], `${at}.headers`, keptHeaders)).map(
    ([name, text]) => [name, readLine(text, `${at}.headers.${name}`)],
  )
  const bodies = ['events', 'body', 'text'].filter((name) => fields[name] !== undefined)
  if (bodies.length > 1) throw new RangeError(`${at}: has ${bodies.join(' and ')}, expected one of them.`)
  return {
    status,
    headers: Object.fromEntries(headers) as Record<string, string>,
    ...(fields['events'] === undefined
      ? {}
      : {
          events: readArray(fields['events'], `${at}.events`).map((event, index) =>
            readEvent(event, `${at}.events[${index}]`),
          ),
        }),
    ...(fields['body'] === undefined ? {} : { body: fields['body'] }),
    ...(fields['text'] === undefined ? {} : { text: readString(fields['text'], `${at}.text`) }),
    ...(fields['end'] === undefined
      ? {}
      : { end: readChoice(fields['end'], `${at}.end`, ['cut', 'cut-mid-event', 'left'] as const) }),
  }
}

function readEvent(value: unknown, at: string): CassetteEvent {
  const fields = readObject(value, at, ['event', 'data', 'text', 'afterMs'])
  const { afterMs } = fields
  return {
    ...(fields['event'] === undefined ? {} : { event: readLine(fields['event'], `${at}.event`) }),
    ...(fields['data'] === undefined ? {} : { data: fields['data'] }),
    ...(fields['text'] === undefined ? {} : { text: readString(fields['text'], `${at}.text`) }),
    ...(afterMs === undefined
      ? {}
      : { afterMs: Math.min(maxPauseMs, readNumber(afterMs, `${at}.afterMs`, 0)) }),
  }
}

/** A string that fits into a header or an event's name. */
function readLine(value: unknown, at: string): string {
  const text = readString(value, at)
  if (!/^[\x20-\x7e]*$/.test(text)) throw new RangeError(`${at}: expected one line of printable characters.`)
  return text
}
