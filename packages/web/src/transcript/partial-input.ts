import type { Fields } from './fields.ts'

const FIELD = /"(\w+)"\s*:\s*"((?:[^"\\]|\\.)*)/g
const BROKEN_ESCAPE = /\\(?:u[0-9a-fA-F]{0,3})?$/

/** The string fields in the beginning of a JSON object whose rest is still to come. */
export function readPartialInput(json: string): Fields {
  const fields: Fields = {}
  for (const [, name, text] of json.matchAll(FIELD)) {
    if (name === undefined || text === undefined) continue
    try {
      fields[name] = JSON.parse(`"${text.replace(BROKEN_ESCAPE, '')}"`)
    } catch {
      fields[name] = text
    }
  }
  return fields
}
