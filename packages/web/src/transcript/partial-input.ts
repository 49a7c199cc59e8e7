import type { Fields } from './fields.ts'

const FIELD = /"(\w+)"\s*:\s*"((?:[^"\\]|\\.)*)/g
/** An escape that is cut off, such as `\u00`, is no longer than this. */
const LONGEST_PIECE = 5

/** The string fields in the beginning of a JSON object whose rest is still to come. */
export function readPartialInput(json: string): Fields {
  const fields: Fields = {}
  for (const [, name, text] of json.matchAll(FIELD)) {
    if (name === undefined || text === undefined) continue
    fields[name] = unescape(text)
  }
  return fields
}

/** The text that a JSON string with this beginning means. */
function unescape(text: string): string {
  for (let cut = 0; cut <= LONGEST_PIECE; cut += 1) {
    try {
      return JSON.parse(`"${text.slice(0, text.length - cut)}"`) as string
    } catch {
      // ends within an escape: without its beginning it may be whole
    }
  }
  return text
}
