type Handler<T> = (value: T) => void

/** Handlers that are called in the order of their registration; one that throws is reported and harms no other. */
export class Listeners<T> {
  readonly #subject: string
  #handlers: readonly { call: Handler<T> }[] = []

  constructor(subject: string) {
    this.#subject = subject
  }

  get size(): number {
    return this.#handlers.length
  }

  /** Registers a handler; the function that comes back removes it. */
  add(call: Handler<T>): () => void {
    const entry = { call }
    this.#handlers = [...this.#handlers, entry]
    return () => {
      this.#handlers = this.#handlers.filter((other) => other !== entry)
    }
  }

  /** Calls every handler that is registered now. */
  emit(value: T): void {
    for (const handler of this.#handlers) notify(this.#subject, handler.call, value)
  }
}

/** Calls code of the application. What it throws, or what its promise rejects with, goes to `console.error`. */
export function notify<T>(subject: string, handler: Handler<T>, value: T): void {
  const report = (cause: unknown): void =>
    console.error(`claude-agent: a handler of '${subject}' failed:`, cause)
  try {
    const result: unknown = handler(value)
    if (result instanceof Promise) result.catch(report)
  } catch (cause) {
    report(cause)
  }
}
