import type { ClientRegisteredEvent } from '@claude-agent/protocol'
import { hashOf } from '../../policy/fingerprint.ts'

/** A client, and what it serves. */
export type RegisteredClient = Omit<ClientRegisteredEvent, 'type'>

/** What clients serve to the agent of a session, as its events tell. */
export class Registrations {
  readonly #clients: Map<string, RegisteredClient>
  /** Made when it is asked for: a log may tell of many changes. */
  #fingerprint: string | undefined

  constructor(snapshot: readonly RegisteredClient[] = []) {
    this.#clients = new Map(snapshot.map((client) => [client.client, client]))
  }

  /** All of them, by name: the order in which they came says nothing. */
  get clients(): RegisteredClient[] {
    return [...this.#clients.values()].sort((one, other) => (one.client < other.client ? -1 : 1))
  }

  /** What an agent must have been started with because of them; '' for nothing. */
  get fingerprint(): string {
    return (this.#fingerprint ??= this.#compute())
  }

  of(client: string): RegisteredClient | undefined {
    return this.#clients.get(client)
  }

  apply({ client, owner, registration }: RegisteredClient): void {
    if (isEmpty(registration)) this.#clients.delete(client)
    else this.#clients.set(client, { client, owner, registration })
    this.#fingerprint = undefined
  }

  clear(): void {
    this.#clients.clear()
    this.#fingerprint = undefined
  }

  #compute(): string {
    return this.#clients.size === 0 ? '' : `+${hashOf(this.clients)}`
  }
}

/** Whether a client serves nothing. */
export function isEmpty({ hooks = {}, mcpServers = {} }: RegisteredClient['registration']): boolean {
  return Object.keys(hooks).length + Object.keys(mcpServers).length === 0
}
