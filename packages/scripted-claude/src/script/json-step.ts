import type { JsonObject } from './json-fields.ts'
import {
  checkTemplates,
  readArray,
  readBoolean,
  readChoice,
  readNumber,
  readObject,
  readString,
  readTemplate,
  refuseScript,
} from './json-fields.ts'
import type { Step, StopReason } from './step.ts'

const stopReasons: readonly StopReason[] = [
  'end_turn',
  'max_tokens',
  'stop_sequence',
  'tool_use',
  'pause_turn',
  'refusal',
  'model_context_window_exceeded',
]

const errorTypes = [
  'invalid_request_error',
  'authentication_error',
  'billing_error',
  'permission_error',
  'not_found_error',
  'request_too_large',
  'rate_limit_error',
  'api_error',
  'timeout_error',
  'overloaded_error',
] as const

const tokenCounts = [
  'input_tokens',
  'output_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
]

/** For each kind of step: the fields beside its main one, and the check of them all. */
const kinds: Record<string, { others: readonly string[]; check: (step: JsonObject, at: string) => void }> = {
  text: {
    others: ['repeat', 'each', 'pace'],
    check(step, at) {
      readTemplate(step['text'], `${at}.text`)
      optional(step, 'repeat', at, (value, place) => readNumber(value, place, 1))
      optional(step, 'each', at, (value, place) => readChoice(value, place, ['delta', 'block']))
    },
  },
  thinking: {
    others: ['signature', 'pace'],
    check(step, at) {
      readTemplate(step['thinking'], `${at}.thinking`)
      optional(step, 'signature', at, readString)
    },
  },
  toolUse: {
    others: ['pace'],
    check(step, at) {
      const toolUse = readObject(step['toolUse'], `${at}.toolUse`, ['name', 'input', 'id'])
      readTemplate(toolUse['name'], `${at}.toolUse.name`)
      optional(toolUse, 'id', `${at}.toolUse`, readString)
      optional(toolUse, 'input', `${at}.toolUse`, (value, place) => {
        readObject(value, place, Object.keys(Object(value) as object))
        checkTemplates(value, place)
      })
    },
  },
  delayMs: { others: [], check: (step, at) => void readNumber(step['delayMs'], `${at}.delayMs`, 0, false) },
  ping: { others: [], check: (step, at) => checkTrue(step, 'ping', at) },
  hang: { others: [], check: (step, at) => checkTrue(step, 'hang', at) },
  cut: {
    others: [],
    check(step, at) {
      if (step['cut'] !== true) readChoice(step['cut'], `${at}.cut`, ['mid-event'])
    },
  },
  error: {
    others: [],
    check(step, at) {
      const fields = ['status', 'type', 'message', 'retryAfterSeconds', 'headers']
      const place = `${at}.error`
      const error = readObject(step['error'], place, fields)
      const status = readNumber(error['status'], `${place}.status`, 400)
      if (status > 599) refuseScript(`${place}.status`, `expected 400 to 599, got ${status}`)
      optional(error, 'type', place, (value, inner) => readChoice(value, inner, errorTypes))
      optional(error, 'message', place, readTemplate)
      optional(error, 'retryAfterSeconds', place, (value, inner) => readNumber(value, inner, 0, false))
      optional(error, 'headers', place, (value, inner) => {
        const headers = readObject(value, inner, Object.keys(Object(value) as object))
        for (const [name, text] of Object.entries(headers)) readString(text, `${inner}.${name}`)
      })
    },
  },
  stopReason: {
    others: ['stopSequence'],
    check(step, at) {
      readChoice(step['stopReason'], `${at}.stopReason`, stopReasons)
      optional(step, 'stopSequence', at, readString)
    },
  },
  usage: {
    others: [],
    check(step, at) {
      const usage = readObject(step['usage'], `${at}.usage`, tokenCounts)
      for (const [name, count] of Object.entries(usage)) readNumber(count, `${at}.usage.${name}`, 0)
    },
  },
}

/** A list of steps, each checked. */
export function readSteps(value: unknown, at: string): readonly Step[] {
  return readArray(value, at).map((step, index) => readStep(step, `${at}[${index}]`))
}

/** A pace, checked. */
export function checkPace(value: unknown, at: string): void {
  const pace = readObject(value, at, ['deltaSize', 'deltasPerSecond'])
  optional(pace, 'deltaSize', at, (size, place) => readNumber(size, place, 1))
  optional(pace, 'deltasPerSecond', at, (rate, place) => readNumber(rate, place, 0.001, false))
}

function readStep(value: unknown, at: string): Step {
  const names = Object.keys(kinds)
  const keys = Object.keys(readObject(value, at, Object.keys(Object(value) as object)))
  const main = keys.filter((key) => names.includes(key))
  if (main.length !== 1) {
    const seen = main.length === 0 ? 'none' : main.join(' and ')
    refuseScript(at, `a step has exactly one of ${names.join(', ')}; this has ${seen}`)
  }
  const kind = kinds[main[0] as string]
  const step = readObject(value, at, [...main, ...(kind?.others ?? [])])
  kind?.check(step, at)
  optional(step, 'pace', at, checkPace)
  return step as unknown as Step
}

function optional(
  fields: JsonObject,
  name: string,
  at: string,
  read: (value: unknown, at: string) => unknown,
): void {
  if (fields[name] !== undefined) read(fields[name], `${at}.${name}`)
}

function checkTrue(step: JsonObject, name: string, at: string): void {
  if (!readBoolean(step[name], `${at}.${name}`)) refuseScript(`${at}.${name}`, 'expected true')
}
