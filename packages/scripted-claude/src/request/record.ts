import type { IncomingHttpHeaders } from 'node:http'
import type { RequestKind } from './kind.ts'

/** How the answer to a request went. */
export type RequestOutcome = 'open' | 'answered' | 'cut' | 'aborted'

/** A request that the server got. Headers and body are as sent, keys included; they are kept in memory only. */
export interface RecordedRequest {
  /** The `request-id` that was answered. */
  readonly id: string
  readonly method: string
  /** Path without the query, for example `/v1/messages`. */
  readonly path: string
  /** Query with its question mark; empty if there is none. */
  readonly query: string
  readonly headers: IncomingHttpHeaders
  /** When it came, in milliseconds since 1970. */
  readonly at: number
  /** The parsed body; `undefined` if there was none, or when `maxRecordedBytes` made room for later ones. */
  body: unknown
  /** What a request to `/v1/messages` was for; `undefined` for other paths and for invalid requests. */
  kind: RequestKind | undefined
  /** The rule that answered: its name or place, `fallback`, `unmatched`, or the kind of an auxiliary request. */
  rule: string | undefined
  /** HTTP status; 0 while the answer is open, and if it ended before its headers were sent. */
  status: number
  /** `aborted`: the client went, or the server was closed, before the end; `cut`: a cut step ended it. */
  outcome: RequestOutcome
  /** Why the request was refused or its script failed; `undefined` if all went well. */
  failure: string | undefined
}

/** The requests so far, bounded: old entries are dropped, and before that the bodies of old entries. */
export class RequestRecord {
  readonly requests: RecordedRequest[] = []
  readonly #maxRequests: number
  readonly #maxBytes: number
  readonly #bodies: { entry: RecordedRequest; bytes: number }[] = []
  #bytes = 0

  constructor(maxRequests: number, maxBytes: number) {
    this.#maxRequests = maxRequests
    this.#maxBytes = maxBytes
  }

  add(entry: RecordedRequest): void {
    this.requests.push(entry)
    if (this.requests.length <= this.#maxRequests) return
    const dropped = this.requests.shift()
    if (this.#bodies[0]?.entry === dropped) this.#forgetOldestBody()
  }

  /** Keeps a body with its request, and forgets the oldest bodies beyond the bound. */
  keepBody(entry: RecordedRequest, body: unknown, bytes: number): void {
    entry.body = body
    this.#bodies.push({ entry, bytes })
    this.#bytes += bytes
    while (this.#bytes > this.#maxBytes) this.#forgetOldestBody()
  }

  #forgetOldestBody(): void {
    const oldest = this.#bodies.shift()
    if (oldest === undefined) return
    oldest.entry.body = undefined
    this.#bytes -= oldest.bytes
  }
}
