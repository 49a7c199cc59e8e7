/** Levels of nesting: no message needs more, and what handles them is recursive. */
const MAX_DEPTH = 200
/** Values in all, nested ones too: what handles them looks at each of them several times. */
const MAX_VALUES = 500_000

/** What is too much of a JSON value, in words that follow its name; undefined when it can be dealt with. */
export function excessOf(value: unknown): string | undefined {
  const seen = { values: 0 }
  const depth = measure(value, MAX_DEPTH, seen)
  if (seen.values > MAX_VALUES) return `holds more than ${MAX_VALUES} values`
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
