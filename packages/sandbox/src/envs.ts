import { entriesOf, invalid } from './invalid.ts'

/** Bubblewrap takes 9000 arguments, three for each variable. */
const MAX_VARIABLES = 1_000
/** Linux starts no program with a longer one, nor with much more than a megabyte of them. */
const MAX_BYTES = 100_000
const MAX_BYTES_TOGETHER = 1_000_000

/**
 * Variables become entries of lists that a NUL ends: with one in its value, a variable would be several arguments of
 * the program that shuts the sandbox in.
 * @throws SandboxError `invalid_options`
 */
export function checkEnvs(envs: unknown): void {
  const entries = entriesOf('envs', envs)
  if (entries.length > MAX_VARIABLES)
    throw invalid('envs', 'has too many variables', `Give at most ${MAX_VARIABLES}, or write a file.`)
  let together = 0
  for (const [name, value] of entries) {
    // Not shown: who writes `KEY=value` as a name writes the value too.
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(name))
      throw invalid('envs', 'has a name that is none of a variable', 'Use letters, digits and underscores.')
    if (typeof value !== 'string')
      throw invalid(`envs.${name}`, 'is no text', 'Leave out a variable that has no value.')
    if (value.includes('\0'))
      throw invalid(`envs.${name}`, 'has a NUL in it', 'No variable can hold one: leave it out.')
    const bytes = Buffer.byteLength(value)
    together += bytes
    if (bytes > MAX_BYTES || together > MAX_BYTES_TOGETHER)
      throw invalid(
        `envs.${name}`,
        'is too long',
        `A variable has up to ${MAX_BYTES} bytes, all of them up to ${MAX_BYTES_TOGETHER}. Write a file instead.`,
      )
  }
}
