import { createHash, createHmac } from 'node:crypto'

/** Tells whether two values are the same without keeping either: equal values, equal fingerprints. */
type Fingerprint = (value: unknown) => string

/**
 * Fingerprints under one key: HMAC-SHA256, in hex, over the value as JSON with sorted keys. Without the key nobody can
 * try out what the value was.
 */
export function createFingerprint(key: Buffer): Fingerprint {
  return (value) => createHmac('sha256', key).update(canonical(value)).digest('hex')
}

/** A short name for a value that is no secret: the first 128 bits of its SHA-256, in hex. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 32)
}

/** JSON with the keys of every object in order, and without fields that are undefined. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`
}
