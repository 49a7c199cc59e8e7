/** A variable of this process's environment, where there is one; an empty one is none. */
export function readVariable(name: string): string | undefined {
  const value = typeof process === 'object' ? process.env?.[name] : undefined
  return value === '' ? undefined : value
}

/** The variables of this process's environment; none where there is no such thing. */
export function readVariables(): Record<string, string | undefined> {
  return typeof process === 'object' ? (process.env ?? {}) : {}
}
