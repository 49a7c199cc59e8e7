import * as z from 'zod/mini'

// Schemas here only judge. What is stored is the body itself, so fields that they do not name are kept.

export const flag = z.boolean()
export const text = z.string()
export const texts = z.array(z.string())
export const amount = z.number()
export const count = z.int().check(z.positive())
/** For what Claude Code judges by itself without harm: it drops what it does not understand. */
export const anything = z.unknown()

/** A field that nobody may set from outside, with the reason that its error gives. */
export function refused(why: string): z.ZodMiniType {
  return z.unknown().check((context) => {
    context.issues.push({ code: 'custom', message: why, input: undefined, params: { refused: true } })
  })
}

type Shape = Record<string, z.ZodMiniType>

function optional(shape: Shape): Record<string, z.ZodMiniType> {
  return Object.fromEntries(Object.entries(shape).map(([name, part]) => [name, z.optional(part)]))
}

/** An object of the given fields, each of which may be missing, and of any others. */
export function fields(shape: Shape): z.ZodMiniType {
  return z.object(optional(shape))
}

/**
 * An object of the given fields, each of which may be missing, and of no others. For settings: one value there that
 * Claude Code refuses makes it drop all of them, the server's own included, so nothing goes in unjudged.
 */
export function exactly(shape: Shape): z.ZodMiniType {
  return z.strictObject(optional(shape))
}
