import type { ScriptedRequest } from '../request/scripted-request.ts'
import { contentOfRead, reverseText } from './read-result.ts'

/** `{{name | filter | filter}}`; `\{{` stays as it is, without the backslash. */
const placeholders = /\\\{\{|\{\{\s*([^{}]*?)\s*\}\}/g

const values: Record<string, (request: ScriptedRequest) => string> = {
  toolResult: (request) => request.toolResult?.text ?? '',
  toolName: (request) => request.toolResult?.tool ?? '',
  lastUserText: (request) => request.lastUserText,
  workingDirectory: (request) => request.workingDirectory ?? '',
  model: (request) => request.model,
}

const filters: Record<string, (text: string) => string> = {
  /** Takes the line numbers away that the Read tool puts before each line. */
  unnumbered: contentOfRead,
  reverse: reverseText,
  trim: (text) => text.trim(),
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
}

/** What is wrong with the placeholders of a text; `undefined` if nothing is. */
export function findTemplateProblem(text: string): string | undefined {
  for (const [, inner] of text.matchAll(placeholders)) {
    if (inner === undefined) continue
    const [name = '', ...filterNames] = inner.split('|').map((part) => part.trim())
    if (!/^\d+$/.test(name) && !Object.hasOwn(values, name)) {
      return `unknown placeholder {{${inner}}} (known: ${Object.keys(values).join(', ')}, 0, 1, 2, ...)`
    }
    const unknown = filterNames.find((filter) => !Object.hasOwn(filters, filter))
    if (unknown !== undefined)
      return `unknown filter '${unknown}' (known: ${Object.keys(filters).join(', ')})`
  }
  return undefined
}

/** Fills the placeholders of a text from a request. */
export function fillTemplate(text: string, request: ScriptedRequest): string {
  return text.replace(placeholders, (_whole, inner: string | undefined) => {
    if (inner === undefined) return '{{'
    const [name = '', ...filterNames] = inner.split('|').map((part) => part.trim())
    const value = /^\d+$/.test(name)
      ? (request.captures[Number(name)] ?? '')
      : (values[name]?.(request) ?? '')
    return filterNames.reduce((filtered, filter) => filters[filter]?.(filtered) ?? filtered, value)
  })
}

/** Fills the placeholders of all strings in a JSON value. */
export function fillDeep<T>(value: T, request: ScriptedRequest): T {
  if (typeof value === 'string') return fillTemplate(value, request) as T
  if (Array.isArray(value)) return value.map((item: unknown) => fillDeep(item, request)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillDeep(item, request)])) as T
}
