import type { EphemeralEvent, LoggedEvent, NewEvent } from '@claude-agent/protocol'
import { AgentServerError } from '@claude-agent/protocol'
import { Entry, type Draft } from './entry.ts'

/** Whoever waits to hear what became of an event. */
export interface Offer {
  resolve(event: LoggedEvent): void
  reject(error: Error): void
}

/** An event that waits to be written, or for those before it to be. */
export type Pending =
  | { kind: 'draft'; draft: Draft; size: number; offer?: Offer }
  | { kind: 'live'; entry: Entry; size: number }

/** @throws AgentServerError `invalid_message` when the event cannot be written as JSON */
export function pendingDraft(event: NewEvent, offer?: Offer): Pending {
  const json = serialise(event)
  return {
    kind: 'draft',
    draft: { event, json },
    size: json.length,
    ...(offer === undefined ? {} : { offer }),
  }
}

/** @throws AgentServerError `invalid_message` when the event cannot be written as JSON */
export function pendingLive(event: EphemeralEvent): Pending {
  const json = Buffer.from(serialise(event))
  return { kind: 'live', entry: new Entry(undefined, json, event), size: json.length }
}

/** What nested thousands deep can be parsed, but not written again. */
function serialise(event: NewEvent | EphemeralEvent): string {
  try {
    return JSON.stringify(event)
  } catch (cause) {
    throw new AgentServerError({
      code: 'invalid_message',
      message: `A ${event.type} cannot be written as JSON: ${(cause as Error).message}.`,
      hint: 'Send data that is nested less deep.',
      cause,
    })
  }
}

/** Events in the order in which they were told, and how much they are. */
export class PendingQueue {
  #waiting: Pending[] = []
  #size = 0
  #drafts = 0

  /** Characters of what waits, what was taken and is not done included. */
  get size(): number {
    return this.#size
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Nothing that waits has to be written. */
  get isLive(): boolean {
    return this.#drafts === 0
  }

  add(pending: Pending): void {
    this.#waiting.push(pending)
    if (pending.kind === 'draft') this.#drafts += 1
    this.#size += pending.size
  }

  /** Takes the oldest events, as many as fit into `maxSize`, but one at least. */
  take(maxSize: number): Pending[] {
    let count = 0
    for (let size = 0; count < this.#waiting.length; count += 1) {
      size += this.#waiting[count]!.size
      if (count > 0 && size > maxSize) break
    }
    return this.#left(this.#waiting.splice(0, count))
  }

  /** Does not count these any more. */
  done(batch: readonly Pending[]): void {
    for (const { size } of batch) this.#size -= size
  }

  /** Takes the offers out of what waits. */
  takeOffers(): Pending[] {
    const offers = this.#waiting.filter(isOffer)
    if (offers.length > 0) this.#waiting = this.#waiting.filter((pending) => !isOffer(pending))
    return this.#left(offers)
  }

  #left<P extends Pending>(taken: P[]): P[] {
    for (const { kind } of taken) if (kind === 'draft') this.#drafts -= 1
    return taken
  }
}

/** Whether somebody waits to hear what became of it. */
export function isOffer(pending: Pending): pending is Pending & { offer: Offer } {
  return pending.kind === 'draft' && pending.offer !== undefined
}
