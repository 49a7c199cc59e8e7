import type { LoggedEvent } from '@claude-agent/protocol'

/** Bytes that what is remembered of events may come to: more than a session of a server's own ever has open. */
const MAX_BYTES = 128 * 1024 * 1024
/** What each thing that is remembered takes beside its own bytes. */
const EACH = 100

/**
 * Counts what a session has to remember of its events as long as they have not come to an end: a log may be longer than
 * memory, and one that was made up need not end anything.
 */
export class HeldEvents {
  /** By kind and id: what is open until it is said to be over. */
  readonly #open = new Map<string, number>()
  #openBytes = 0
  /** What is remembered until a prompt ends. */
  #turnBytes = 0
  #conversation = ''

  /** They come to more than can be remembered. */
  get areTooMany(): boolean {
    return this.#openBytes + this.#turnBytes > MAX_BYTES
  }

  /** @param size bytes of its line */
  hear(event: LoggedEvent, size: number): void {
    switch (event.type) {
      case 'user_message':
        return this.#set(`prompt ${event.uuid}`, size)
      case 'prompt_ended':
        this.#turnBytes = 0
        return this.#set(`prompt ${event.uuid}`)
      case 'ask':
        return this.#set(`ask ${event.ask}`, size)
      case 'ask_settled':
        // The answer is remembered, or that it was lost.
        this.#turnBytes += size + EACH
        return this.#set(`ask ${event.ask}`)
      case 'client_registered':
        return this.#set(`client ${event.client}`, size)
      case 'call_made':
        return this.#set(`call ${event.key ?? event.method}`, size)
      case 'agent_started':
        return this.#follow(event.sdkSessionId)
      case 'sdk_message': {
        const { data } = event
        if (data.type === 'system' && data.subtype === 'init') this.#follow(data.session_id)
        else if (data.type === 'assistant' || data.type === 'user')
          this.#turnBytes += (data.uuid?.length ?? 0) + EACH
        return
      }
      default:
    }
  }

  #set(name: string, size?: number): void {
    this.#openBytes -= this.#open.get(name) ?? 0
    this.#open.delete(name)
    if (size === undefined) return
    this.#open.set(name, size + EACH)
    this.#openBytes += size + EACH
  }

  /** Each conversation that there ever was is remembered. */
  #follow(sdkSessionId: string): void {
    if (sdkSessionId === this.#conversation) return
    this.#conversation = sdkSessionId
    this.#openBytes += sdkSessionId.length + EACH
  }
}
