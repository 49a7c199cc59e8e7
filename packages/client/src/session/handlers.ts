import { notify } from '../listeners.ts'
import type { Ask, ClientEvent } from './types.ts'

interface Handler {
  type: ClientEvent['type']
  call: (event: never) => unknown
  /** It is given what comes after this event; undefined until the line is connected for the first time. */
  from: number | undefined
}

/** The handlers of a session: each is given what happens after its registration, and the asks that are open then. */
export class Handlers {
  #handlers: readonly Handler[] = []

  get size(): number {
    return this.#handlers.length
  }

  /**
   * Registers a handler that begins with what comes after `now`; where the line does, when that is not known yet. The
   * function that comes back removes it.
   */
  add(type: Handler['type'], call: Handler['call'], now?: { seq: number; asks: readonly Ask[] }): () => void {
    const handler: Handler = { type, call, from: now?.seq }
    this.#handlers = [...this.#handlers, handler]
    if (type === 'ask' && now !== undefined) {
      queueMicrotask(() => {
        for (const ask of now.asks) if (this.#handlers.includes(handler)) tell(handler, ask)
      })
    }
    return () => {
      this.#handlers = this.#handlers.filter((other) => other !== handler)
    }
  }

  clear(): void {
    this.#handlers = []
  }

  /** The line is connected: those that wait for it begin after `seq`, with the open asks; all do, where the log is new. */
  begin(seq: number, openAsks: readonly Ask[], isNewLog: boolean): void {
    for (const handler of this.#handlers) {
      const isNew = handler.from === undefined
      if (isNew || isNewLog) handler.from = seq
      if (!isNew || handler.type !== 'ask') continue
      for (const ask of openAsks) tell(handler, ask)
    }
  }

  emit(event: ClientEvent): void {
    for (const handler of this.#handlers) {
      if (handler.type !== event.type || handler.from === undefined) continue
      // Control events have no place of their own.
      if (!('at' in event) || event.seq > handler.from) tell(handler, event)
    }
  }
}

function tell({ type, call }: Handler, event: ClientEvent): void {
  notify(type, call as (event: ClientEvent) => void, event)
}
