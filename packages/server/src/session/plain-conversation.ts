import type { QueryConfig } from '@claude-agent/protocol'
import type { SpareAgents, SpareWish } from '../agent/spare-agents.ts'
import { kindsOf } from '../agent/asking.ts'
import type { AgentHost } from '../agent/agent-host.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** To start an agent keeps the machine busy for so long that the first answers, to who started the server, would wait. */
const PREPARE_MS = 400

export interface PlainConversationParts {
  sessions: Sessions
  spares: SpareAgents
  host: AgentHost
  fingerprint: (value: unknown) => string
}

/**
 * The one session of the plain layer: a new one at each start of the server, from the first client on. Until then its
 * configuration is kept here, and an agent is kept ready for it.
 */
export class PlainConversation {
  readonly #parts: PlainConversationParts
  #config: QueryConfig = {}
  #session: Promise<Session> | undefined

  constructor(parts: PlainConversationParts) {
    this.#parts = parts
  }

  get config(): QueryConfig {
    return this.#config
  }

  /**
   * Sets the configuration; says when it takes effect. An agent that waits is replaced at once.
   * @throws AgentServerError `option_refused`
   */
  async configure(config: QueryConfig): Promise<'now' | 'next_turn'> {
    this.#parts.host.requireUsable(config)
    this.#config = config
    if (this.#session === undefined) {
      this.#prepare()
      return 'now'
    }
    return await (await this.#session).update({ options: config })
  }

  /** Makes an agent ready for the first client, unless he comes before: who comes at once is answered first. */
  prepareSoon(): void {
    setTimeout(() => {
      if (this.#session === undefined) this.#prepare()
    }, PREPARE_MS).unref()
  }

  async open(): Promise<Session> {
    this.#session ??= this.#create()
    return await this.#session
  }

  async #create(): Promise<Session> {
    const { sessions } = this.#parts
    const title = 'The conversation of the plain layer'
    const request = { options: this.#config, interactive: false, title }
    const { info } = await sessions.create(request, true)
    return await sessions.open(info.id)
  }

  #prepare(): void {
    this.#parts.spares.prepare(this.#wish())
  }

  #wish(): SpareWish {
    const { host, fingerprint } = this.#parts
    const config = this.#config
    const asks = kindsOf({ interactive: false })
    return { config, asks, fingerprint: fingerprint(host.describe(config, asks)) }
  }
}
