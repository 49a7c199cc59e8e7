/** Body and answer of `POST /lease`: the server ends itself so many milliseconds from now, 1000 to 86 400 000. */
export interface Lease {
  timeoutMs: number
}
