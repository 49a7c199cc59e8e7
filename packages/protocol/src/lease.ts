/** The bounds of every lease, in milliseconds; the timeouts of sandboxes have the same. */
export const MIN_LEASE_MS = 1_000
export const MAX_LEASE_MS = 86_400_000

/** Body and answer of `POST /lease`: the server ends itself so many milliseconds from now. */
export interface Lease {
  timeoutMs: number
}
