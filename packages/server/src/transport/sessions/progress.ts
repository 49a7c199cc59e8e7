import type { Duplex } from 'node:stream'

/** What Node's sockets have beside a `Duplex`. What the handle has yet to hand over is Node's own measure in `setTimeout`. */
interface Outflow {
  readonly bytesWritten?: number
  readonly _handle?: { readonly writeQueueSize?: number } | null
}

/** Tells for how long a connection has taken nothing of the bytes that wait for it. */
export class Progress {
  readonly #raw: Duplex
  #taken = 0
  #queued = 0
  #movedAt = performance.now()

  constructor(raw: Duplex) {
    this.#raw = raw
  }

  /** Counts from now on. */
  restart(): void {
    this.#movedAt = performance.now()
  }

  /** Milliseconds since something was last seen to leave; 0 when nothing waits. `waiting`: bytes that it has yet to be given. */
  stalledMs(waiting = 0): number {
    const { bytesWritten = 0, _handle } = this.#raw as Outflow
    const taken = bytesWritten - this.#raw.writableLength
    // A big write leaves in pieces.
    const queued = _handle?.writeQueueSize ?? 0
    const isIdle = this.#raw.writableLength + waiting === 0
    if (isIdle || taken !== this.#taken || queued !== this.#queued) this.#movedAt = performance.now()
    this.#taken = taken
    this.#queued = queued
    return performance.now() - this.#movedAt
  }
}
