import type { QueryConfig } from '@claude-agent/protocol'
import type { AskKinds } from '../agent/asking.ts'
import type { AgentHost } from '../agent/agent-host.ts'
import { hashOf } from '../policy/fingerprint.ts'
import { redactConfig } from '../policy/redact.ts'
import type { SessionRecord } from './record.ts'

export interface SessionOptionsMeans {
  host: AgentHost
  fingerprint: (value: unknown) => string
}

/** The options of a session, with their secrets as long as those are known: they are in memory only. */
export class SessionOptions {
  readonly #means: SessionOptionsMeans
  readonly #asks: () => AskKinds
  /** With `[redacted]` in place of secrets. */
  #shown: QueryConfig
  #hasSecrets: boolean
  #options: QueryConfig | undefined
  #wanted: string

  /** @param options with their secrets; undefined when those were lost with the server's last process */
  constructor(
    record: SessionRecord,
    options: QueryConfig | undefined,
    means: SessionOptionsMeans,
    asks: () => AskKinds,
  ) {
    this.#means = means
    this.#asks = asks
    this.#shown = record.options
    this.#hasSecrets = record.hasSecrets
    this.#options = options
    this.#wanted = this.#fingerprint()
  }

  /** What agents are started with. */
  get config(): QueryConfig {
    return this.#options ?? this.#shown
  }

  /** A fingerprint of that, without secrets that may change while an agent lives. */
  get wanted(): string {
    return this.#wanted
  }

  /** No secret is missing. */
  get areComplete(): boolean {
    return this.#options !== undefined || !this.#hasSecrets
  }

  /** What may be kept and shown. */
  get kept(): Pick<SessionRecord, 'options' | 'hasSecrets'> {
    return { options: this.#shown, hasSecrets: this.#hasSecrets }
  }

  /** Whether these are the same; where the secrets were lost, as far as can be told. */
  areSame(options: QueryConfig): boolean {
    if (this.areComplete) return hashOf(this.config) === hashOf(options)
    return hashOf(this.#shown) === hashOf(redactConfig(options))
  }

  set(options: QueryConfig): void {
    this.#options = options
    this.#shown = redactConfig(options)
    this.#hasSecrets = hashOf(this.#shown) !== hashOf(options)
    this.#wanted = this.#fingerprint()
  }

  /** What somebody can answer may be another by now. */
  refresh(): void {
    this.#wanted = this.#fingerprint()
  }

  #fingerprint(): string {
    const { host, fingerprint } = this.#means
    return fingerprint(host.describe(this.config, this.#asks()))
  }
}
