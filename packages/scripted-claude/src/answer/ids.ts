import { randomBytes } from 'node:crypto'

/** A new id in the API's form, for example `msg_01…`, `toolu_01…` or `req_01…`. */
export function createId(prefix: 'msg' | 'toolu' | 'req'): string {
  return `${prefix}_01${randomBytes(11).toString('hex')}`
}

/** A signature for a thinking block; it proves nothing. */
export function createSignature(): string {
  return randomBytes(96).toString('base64')
}
