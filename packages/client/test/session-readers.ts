import type { ClientEvent, ConnectionState, EventStream, Session } from '../src/index.ts'
import { text, type SessionPeer } from './session-peer.ts'

/** The next events, until one is of the type. */
export async function take(events: EventStream, until: ClientEvent['type']): Promise<ClientEvent[]> {
  const taken: ClientEvent[] = []
  for (;;) {
    const { value, done } = await events.next()
    if (done === true || value === undefined) return taken
    taken.push(value)
    if (value.type === until) return taken
  }
}

/** The numbers of the logged events. */
export function seqs(events: ClientEvent[]): number[] {
  return events.flatMap((event) => ('at' in event ? [event.seq] : []))
}

/** Gathers the events of an iterator in the background. */
export function gather(events: EventStream): { events: ClientEvent[]; done: Promise<void> } {
  const gathered: ClientEvent[] = []
  const done = (async () => {
    for await (const event of events) gathered.push(event)
  })()
  return { events: gathered, done }
}

export function fill(peer: SessionPeer, count: number, size = 0): void {
  for (let n = 0; n < count; n += 1) peer.append(text('x'.repeat(size)))
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

/** Whether the line of a session is in this state. */
export const stateIs = (session: Session, status: ConnectionState['status']) => () =>
  session.state.status === status
