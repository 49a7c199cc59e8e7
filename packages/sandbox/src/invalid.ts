import { SandboxError } from './errors.ts'

/** An error about one field, without what was in it. */
export function invalid(field: string, wrong: string, hint: string): SandboxError {
  return new SandboxError({ code: 'invalid_options', message: `\`${field}\` ${wrong}.`, hint })
}

/** The entries of something that has to be an object. */
export function entriesOf(field: string, value: unknown): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value)
  throw invalid(field, 'is no object', 'Give an object with a value by each name, or leave it out.')
}
