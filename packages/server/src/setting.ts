import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** One setting of the server: its variable, its flag, what it takes, and what it is without either. */
export interface Setting<T> {
  readonly variable: string
  /** Long option of the bin; none for secrets, which have no place in a command line. */
  readonly flag?: string
  readonly summary: string
  /** As shown in the docs. */
  readonly default: string
  /** Reads a value that was given. Throws with what it should have been. */
  read(text: string): T
  /** The value when none was given. */
  fallback(): T
}

export function text(variable: string, flag: string, value: string, summary: string): Setting<string> {
  return { variable, flag, summary, default: value, read: (given) => given, fallback: () => value }
}

export function optional(variable: string, summary: string, flag?: string): Setting<string | undefined> {
  const read = (given: string): string => {
    if (/\s/.test(given)) throw new TypeError('one word without spaces')
    return given
  }
  return {
    variable,
    ...(flag === undefined ? {} : { flag }),
    summary,
    default: 'none',
    read,
    fallback: () => undefined,
  }
}

export function number(
  variable: string,
  flag: string,
  least: number,
  most: number,
  value: number,
  summary: string,
): Setting<number> {
  const read = (given: string): number => {
    const parsed = Number(given)
    if (/^\d+$/.test(given) && parsed >= least && parsed <= most) return parsed
    throw new TypeError(`a whole number from ${least} to ${most}`)
  }
  return { variable, flag, summary, default: String(value), read, fallback: () => value }
}

export function folder(variable: string, flag: string, name: string, summary: string): Setting<string> {
  const read = (given: string): string => resolve(given.replace(/^~(?=$|\/)/, homedir()))
  return { variable, flag, summary, default: `~/${name}`, read, fallback: () => join(homedir(), name) }
}

export function oneOf<const T extends string>(
  variable: string,
  flag: string,
  values: readonly T[],
  value: T,
  summary: string,
): Setting<T> {
  const read = (given: string): T => readOneOf(values, given)
  return { variable, flag, summary, default: value, read, fallback: () => value }
}

export function list<T extends string>(
  variable: string,
  flag: string,
  one: (given: string) => T,
  value: T[],
  summary: string,
): Setting<T[]> {
  const read = (given: string): T[] => {
    const entries = given.split(',').map((entry) => entry.trim())
    return given.trim() === 'none' ? [] : entries.filter((entry) => entry !== '').map(one)
  }
  return { variable, flag, summary, default: value.join(',') || 'none', read, fallback: () => value }
}

export function readOneOf<T extends string>(values: readonly T[], given: string): T {
  const found = values.find((value) => value === given)
  if (found === undefined) throw new TypeError(`one of ${values.join(', ')}`)
  return found
}

export function readOrigin(given: string): string {
  if (!URL.canParse(given) || new URL(given).origin !== given) {
    throw new TypeError('origins such as https://app.example.com, without a path')
  }
  return given
}
