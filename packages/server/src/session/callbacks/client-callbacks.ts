import type { HookJSONOutput } from '@anthropic-ai/claude-agent-sdk'
import {
  AgentServerError,
  type McpAskData,
  type McpMessage,
  type McpMessageUp,
  type McpReply,
  type NewEvent,
  type Register,
  type Registered,
} from '@claude-agent/protocol'
import type { Callbacks, HookAsk, ServingClient } from '../../agent/callbacks/callbacks.ts'
import type { GivenAnswer } from '../answer.ts'
import { failedReply, withoutHook } from './away.ts'
import { DirectedAsks, type DirectedAccepted, type DirectedOutcome } from './directed-asks.ts'
import { checkHookAnswer, checkMcpAnswer } from './directed-answer.ts'
import { Owner, type Port } from './owner.ts'
import { acceptRegistration, ownerOf } from './registering.ts'
import type { Registrations } from './registrations.ts'

export interface ClientCallbacksParts {
  sessionId: string
  registrations: Registrations
  /** The names of the servers that the options have. */
  serverNames: () => string[]
  /** Adds an event; resolves once it is durable. */
  offer: (event: NewEvent) => Promise<unknown>
  /** What an agent must be started with may have changed. */
  onRegistered: () => void
  onChange: () => void
}

/** What clients serve to the agent of a session: takes their registrations, and puts to each what the agent asks of it. */
export class ClientCallbacks implements Callbacks {
  readonly #parts: ClientCallbacksParts
  readonly #asks = new DirectedAsks()
  /** By the hash of the secret. */
  readonly #owners = new Map<string, Owner>()
  /** Where the messages of servers go, by owner and name. */
  readonly #listeners = new Map<string, (message: McpMessage) => void>()
  /** Registrations are made one after the other, so that each is looked at beside those before it. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: ClientCallbacksParts) {
    this.#parts = parts
  }

  get clients(): readonly ServingClient[] {
    return this.#parts.registrations.clients
  }

  /** Nobody waits for a client. */
  get isIdle(): boolean {
    return this.#asks.size === 0
  }

  /** Whether there is or was such an ask for a client. */
  has(ask: string): boolean {
    return this.#asks.has(ask)
  }

  /**
   * Takes what a client serves from now on, durably. `onRegistered` is called with that before anything else is said.
   * @throws AgentServerError `owner_mismatch`, `registration_conflict`, `registration_too_large`, `storage_full`
   */
  async register(
    request: Register,
    port: Port,
    onRegistered: (registered: Registered) => void,
  ): Promise<void> {
    const made = this.#last.then(() => this.#register(request))
    this.#last = made.catch(() => {})
    const owner = await made
    const { client } = request
    if (owner === undefined) return onRegistered({ client, asks: [] })
    // It may have gone while that was written.
    if (port.isOpen) owner.arrive(port)
    onRegistered({ client, asks: this.#asks.of(owner).map(({ ask }) => ask) })
    if (port.isOpen) this.#asks.redeliver(owner)
  }

  /** A socket is gone. */
  leave(port: Port): void {
    for (const owner of this.#owners.values()) {
      if (!owner.leave(port)) continue
      this.#asks.suspend(owner)
      this.#asks.redeliver(owner)
    }
  }

  /** @throws AgentServerError `not_owner`, `already_settled`, `invalid_answer` */
  answer(ask: string, given: GivenAnswer, by: string, port: Port | undefined): DirectedAccepted {
    return this.#asks.answer(ask, given, by, port)
  }

  /** Hands on what a client's server says of its own accord. @throws AgentServerError `not_registered` */
  hear({ client, server, message }: McpMessageUp, port: Port): void {
    const owner = this.#parts.registrations.of(client)?.owner ?? ''
    if (!this.#owners.get(owner)?.has(port))
      throw new AgentServerError({
        code: 'not_registered',
        message: `This socket has not registered as the client '${client}'.`,
        hint: 'Send `register` first.',
      })
    this.#listeners.get(placeOf(owner, server))?.(message)
  }

  /** The agent is gone. */
  clear(): void {
    this.#listeners.clear()
    this.#asks.clear()
  }

  /** The session ends. */
  close(): void {
    this.clear()
    for (const owner of this.#owners.values()) owner.stop()
  }

  // What the agent asks.

  async runHook(
    owner: string,
    { data, timeoutMs, whenAway }: HookAsk,
    signal: AbortSignal,
  ): Promise<HookJSONOutput> {
    const outcome = await this.#ask(
      owner,
      { kind: 'hook', data },
      { timeoutMs, check: checkHookAnswer },
      signal,
    )
    const { event } = data
    switch (outcome.kind) {
      case 'answered':
        if (outcome.given.error !== undefined) throw new Error(outcome.given.error)
        return outcome.given.result as HookJSONOutput
      case 'timed_out':
        // As the CLI has it: only a tool is refused.
        return withoutHook(
          event,
          event === 'PreToolUse' ? 'closed' : 'open',
          `The ${event} hook did not respond within ${timeoutMs / 1000} s. The tool call was not executed.`,
        )
      case 'cancelled':
      case 'gone':
        return {}
      default:
        return withoutHook(event, whenAway, `The ${event} hook could not run: ${reasonOf(outcome.kind)}`)
    }
  }

  async request(owner: string, data: McpAskData, signal: AbortSignal): Promise<McpReply> {
    const about = { timeoutMs: undefined, check: checkMcpAnswer }
    const outcome = await this.#ask(owner, { kind: 'mcp', data }, about, signal)
    if (outcome.kind !== 'answered')
      return failedReply(`The server '${data.server}' could not be asked: ${reasonOf(outcome.kind)}`)
    const { error, result } = outcome.given
    return error === undefined ? (result as McpReply) : failedReply(error)
  }

  tell(owner: string, server: string, message: McpMessage): void {
    const to = this.#owners.get(owner)
    to?.port?.say({ type: 'mcp_message', client: to.client, server, message })
  }

  listen(owner: string, server: string, hear: (message: McpMessage) => void): void {
    this.#listeners.set(placeOf(owner, server), hear)
  }

  async #ask(
    hash: string,
    about: Parameters<DirectedAsks['open']>[1],
    how: Parameters<DirectedAsks['open']>[2],
    signal: AbortSignal,
  ): Promise<DirectedOutcome> {
    const owner = this.#ownerOf(hash)
    if (owner === undefined) return { kind: 'gone' }
    const outcome = this.#asks.open(owner, about, how, signal)
    void outcome.then(() => this.#parts.onChange())
    return await outcome
  }

  async #register(request: Register): Promise<Owner | undefined> {
    const { sessionId, registrations, serverNames, offer, onRegistered } = this.#parts
    const { client, secret } = request
    const owner = ownerOf(sessionId, client, secret)
    const registration = acceptRegistration({ registrations, serverNames: serverNames() }, request, owner)
    if (registration !== undefined) {
      await offer({ type: 'client_registered', client, owner, registration })
      onRegistered()
    }
    const known = registrations.of(client)
    if (known === undefined) this.#forget(owner)
    const entry = this.#ownerOf(owner)
    entry?.setTimeout(known?.registration.ownerTimeoutMs)
    return entry
  }

  /** A client that is registered. */
  #ownerOf(hash: string): Owner | undefined {
    const known = this.#owners.get(hash)
    if (known !== undefined) return known
    const registered = this.#parts.registrations.clients.find(({ owner }) => owner === hash)
    if (registered === undefined) return undefined
    const { client, registration } = registered
    const owner = new Owner(client, registration.ownerTimeoutMs, () => this.#asks.giveUp(owner, 'away'))
    this.#owners.set(hash, owner)
    return owner
  }

  #forget(hash: string): void {
    const owner = this.#owners.get(hash)
    if (owner === undefined) return
    this.#owners.delete(hash)
    owner.stop()
    this.#asks.giveUp(owner, 'gone')
  }
}

function placeOf(owner: string, server: string): string {
  return `${owner} ${server}`
}

/** Why a client did not answer, as the model may read it. */
function reasonOf(kind: Exclude<DirectedOutcome['kind'], 'answered'>): string {
  switch (kind) {
    case 'away':
      return 'the client that runs it is not connected.'
    case 'gone':
      return 'the client that ran it serves it no more.'
    case 'too_many':
      return 'too many requests to clients are open already.'
    default:
      return 'the request was cancelled.'
  }
}
