import { ScriptedClaudeError } from '../errors.ts'
import { findTemplateProblem } from './template.ts'

export type JsonObject = Record<string, unknown>

/** Refuses a script, naming the place in it. */
export function refuseScript(at: string, problem: string): never {
  throw new ScriptedClaudeError({
    code: 'invalid_script',
    message: `${at === '' ? 'The script' : at}: ${problem}.`,
    hint: 'The README of scripted-claude lists the fields of rules and steps.',
  })
}

/** An object with none but the given fields. */
export function readObject(value: unknown, at: string, known: readonly string[]): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuseScript(at, `expected an object, got ${kindOfJson(value)}`)
  }
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  if (unknown !== undefined) refuseScript(at, `unknown field '${unknown}' (known: ${known.join(', ')})`)
  return value as JsonObject
}

export function readArray(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) refuseScript(at, `expected a list, got ${kindOfJson(value)}`)
  return value as unknown[]
}

export function readString(value: unknown, at: string): string {
  if (typeof value !== 'string') refuseScript(at, `expected a string, got ${kindOfJson(value)}`)
  return value
}

/** A string whose placeholders are known. */
export function readTemplate(value: unknown, at: string): string {
  const text = readString(value, at)
  const problem = findTemplateProblem(text)
  if (problem !== undefined) refuseScript(at, problem)
  return text
}

export function readBoolean(value: unknown, at: string): boolean {
  if (typeof value !== 'boolean') refuseScript(at, `expected true or false, got ${kindOfJson(value)}`)
  return value
}

/** A number of at least `least`; whole unless `isWhole` is false. */
export function readNumber(value: unknown, at: string, least: number, isWhole = true): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    refuseScript(at, `expected a number, got ${kindOfJson(value)}`)
  }
  if (value < least || (isWhole && !Number.isInteger(value))) {
    refuseScript(at, `expected a ${isWhole ? 'whole ' : ''}number of at least ${least}, got ${value}`)
  }
  return value
}

/** One of some strings. */
export function readChoice<T extends string>(value: unknown, at: string, choices: readonly T[]): T {
  if (!choices.includes(value as T)) {
    refuseScript(at, `expected one of ${choices.join(', ')}, got ${JSON.stringify(value)}`)
  }
  return value as T
}

/** Checks the placeholders of all strings in a value. */
export function checkTemplates(value: unknown, at: string): void {
  if (typeof value === 'string') readTemplate(value, at)
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) checkTemplates(item, `${at}.${key}`)
  }
}

function kindOfJson(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`
}
