/** Levels of nesting: no message needs more, and what handles them is recursive. */
const MAX_DEPTH = 200
/** Values in all, nested ones too: what handles them looks at each of them several times. */
const MAX_VALUES = 500_000

const QUOTE = 0x22
const COMMA = 0x2c
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACE = 0x7b

/** What `holdsTooMany` finds, in words. */
export const TOO_MANY = `holds more than ${MAX_VALUES} values`

/** Bytes from which on it is worth a look before they are parsed. */
const LOOK_BYTES = 1024 * 1024

/** Whether JSON holds so many values that parsing it alone would take seconds. Strings are passed over. */
export function holdsTooMany(json: Buffer): boolean {
  if (json.length < LOOK_BYTES) return false
  let values = 0
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at]
    if (byte === QUOTE) at = endOfString(json, at)
    else if ((byte === COMMA || byte === BRACE || byte === BRACKET) && (values += 1) > MAX_VALUES) return true
  }
  return false
}

/** Where the string ends that begins at `start`. */
function endOfString(json: Buffer, start: number): number {
  let end = start
  for (;;) {
    end = json.indexOf(QUOTE, end + 1)
    if (end === -1) return json.length
    let escapes = 0
    while (json[end - 1 - escapes] === BACKSLASH) escapes += 1
    if (escapes % 2 === 0) return end
  }
}

/** What is too much of a JSON value, in words that follow its name; undefined when it can be dealt with. */
export function excessOf(value: unknown): string | undefined {
  const seen = { values: 0 }
  const depth = measure(value, MAX_DEPTH, seen)
  if (seen.values > MAX_VALUES) return TOO_MANY
  return depth ? undefined : `is nested more than ${MAX_DEPTH} levels deep`
}

/** Whether a value is nested no deeper than `levels`; counts its parts, until there are too many. */
function measure(value: unknown, levels: number, seen: { values: number }): boolean {
  seen.values += 1
  if (typeof value !== 'object' || value === null || seen.values > MAX_VALUES) return true
  if (levels === 0) return false
  for (const name in value) {
    if (!measure((value as Record<string, unknown>)[name], levels - 1, seen)) return false
  }
  return true
}
