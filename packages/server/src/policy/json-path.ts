import { maskText } from './secret-text.ts'

const LONGEST = 200

/** What stands at the path, or undefined. Only own fields count. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Record<PropertyKey, unknown>)[name]
  }
  return found
}

/** The path as people write it: `agents.reviewer.tools[0]`; `config` is the whole. */
export function formatPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'config'
  const text = path.map((part, index) => {
    if (typeof part === 'number') return `[${part}]`
    return index === 0 ? String(part) : `.${String(part)}`
  })
  return shorten(maskText(text.join('')), LONGEST)
}

/** The text, cut off where it gets too long for an error. */
export function shorten(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`
}
